import { prefetchFolder } from '../../packages/lib/work.ts';
import { quote } from '../../transport/quote.ts';
import type { QuestionId } from '../target-kubeadm.ts';

/** What the kubeadm of a release is asked on a node where it is not installed yet. */
export interface KubeadmQuestion {
  readonly release: string;
  /** Shell lines that unpack it into {@link UNPACKED} from a package that was fetched before. */
  readonly unpack: string;
  /** Shell lines that fetch its package into {@link FETCHED} where no prefetch did. */
  readonly fetch?: string;
  /** Shell lines that write what a call reads into {@link CONFIGURATION}. */
  readonly configuration?: string;
  readonly calls: readonly QuestionCall[];
}

export interface QuestionCall {
  readonly id: QuestionId;
  /** As an operator would type it. */
  readonly command: string;
  /** Shell words after `kubeadm`. */
  readonly words: string;
  /** Seconds after which it is ended. */
  readonly limit: number;
}

export const UNPACKED = '"$work/kubeadm"';
export const FETCHED = '"$work/packages"';
export const CONFIGURATION = '"$work/configuration.yaml"';

/** Milliseconds within which all of it is over. */
export function patienceOf({ calls }: KubeadmQuestion): number {
  const seconds = calls.reduce((sum, { limit }) => sum + limit + 15, 180);
  return seconds * 1000;
}

/** Bytes that are taken of what a call prints. */
const MOST = 1024 * 1024;

/**
 * POSIX sh that unpacks kubeadm into a folder of its own, asks it, prints the answers for `parseAnswer`, and removes
 * the folder at its end, also where its connection is gone or it is ended. Not in /tmp: programs may not be allowed to
 * run from there. Of a dry run it prints the manifests alone, as objects of the cluster may hold secrets. What kubeadm
 * leaves in its own temporary folder goes, too (GetKubeletDir of kubeadm's phases/upgrade/postupgrade.go).
 */
export function askScript({ release, unpack, fetch, configuration, calls }: KubeadmQuestion, id: string): string {
  const work = `${prefetchFolder}/ask.${id}`;
  return `export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
unusable() { printf 'unusable: %s\\n' "$(tr '\\n' ' ' | tail -c 400)"; }
for old in ${prefetchFolder}/ask.*; do
  if [ -f "$old/pid" ] && [ ! -d "/proc/$(cat "$old/pid")" ]; then rm -rf "$old"; fi
done
work=${work}
made=no
[ -d ${prefetchFolder} ] || made=yes
trap '${cleaning(work)}' EXIT
trap 'exit 1' HUP INT TERM PIPE
mkdir -p ${prefetchFolder}
umask 077
if mkdir "$work" && echo $$ >"$work/pid" && echo "$made" >"$work/made" && : >"$work/tmp"; then
  if [ -d /etc/kubernetes/tmp ]; then ls -a /etc/kubernetes/tmp >"$work/tmp"; fi
else
  echo 'there is no room for a folder in ${prefetchFolder}' | unusable
  [ "$made" = no ] || rmdir ${prefetchFolder} 2>/dev/null
  exit 0
fi

kubeadm=kubeadm
if [ "$(kubeadm version -o short 2>/dev/null)" != ${quote(`v${release}`)} ]; then
  mkdir ${UNPACKED} ${FETCHED}
  (
${fetch === undefined ? '' : `${fetch}\n`}${unpack}
  ) >"$work/err" 2>&1 || { unusable <"$work/err"; exit 0; }
  kubeadm=$work/kubeadm/usr/bin/kubeadm
  if [ ! -e "$kubeadm" ]; then
    echo 'no package of kubeadm ${release} is there' | unusable
    exit 0
  fi
  if [ "$("$kubeadm" version -o short 2>"$work/err")" != ${quote(`v${release}`)} ]; then
    { echo 'it does not run from ${prefetchFolder}, which may be mounted noexec:'; cat "$work/err"; } | unusable
    exit 0
  fi
fi
${configuration ?? ''}
ask() {
  id=$1 limit=$2
  shift 2
  rm -rf "$work/dry"
  mkdir "$work/dry"
  KUBEADM_UPGRADE_DRYRUN_DIR=$work/dry timeout -k 10 "$limit" "$kubeadm" "$@" >"$work/out" 2>"$work/err" </dev/null
  printf 'call: %s %s\\n' "$id" "$?"
  tail -n 200 "$work/err" | head -c ${MOST} | sed 's/^/err: /'
  echo
  case $id in
    dry-run) awk '/^\\[dryrun\\] Would write file ".*\\/manifests\\/[^"]*" with content:$/ { on = 1; print; next } /^\\[/ { on = 0 } on' "$work/out" ;;
    *) cat "$work/out" ;;
  esac | head -c ${MOST} | sed 's/^/out: /'
  echo
}
${calls.map(({ id, words, limit }) => `ask ${id} ${limit} ${words}`).join('\n')}
exit 0
`;
}

/**
 * Runs at the end: what was there before stays, and so does a folder of kubeadm with a backup in it. Without variables,
 * as it may run when a shell is on its way out.
 */
function cleaning(work: string): string {
  return `for one in /etc/kubernetes/tmp/kubeadm-upgrade-dryrun* /etc/kubernetes/tmp/kubeadm-kubelet-config*; do
  if [ ! -d "$one" ] || [ ! -f ${work}/tmp ] || grep -Fqx "\${one##*/}" ${work}/tmp; then continue; fi
  case $one in */kubeadm-upgrade-dryrun*) rm -rf "$one" ;; *) rmdir "$one" 2>/dev/null ;; esac
done
if [ -f ${work}/tmp ] && [ ! -s ${work}/tmp ]; then rmdir /etc/kubernetes/tmp 2>/dev/null; fi
if grep -q yes ${work}/made 2>/dev/null; then rm -rf ${work}; rmdir ${prefetchFolder} 2>/dev/null; fi
rm -rf ${work}
:`;
}
