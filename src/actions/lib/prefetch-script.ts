import { findRuntime } from '../../facts/prefetched.ts';
import { prefetchFolder, WORK } from '../../packages/lib/work.ts';
import type { PackageReading } from '../../packages/manager.ts';
import { quote } from '../../transport/quote.ts';

export interface ImagesToFetch {
  readonly version: string;
  /** Last components of the names that this node needs. */
  readonly names: readonly string[];
  /** Without its program's path; see {@link kubeadmOf}. */
  readonly listArguments: string;
  /** Shell lines that write the file which `listArguments` names, if they name one. */
  readonly configuration: string | undefined;
  /** Revision of the release's kubeadm, whose archive is taken apart where it is not installed. */
  readonly revision: string;
}

/**
 * Fetches without changing what the node runs or how it is configured: it unpacks only into a folder of its own.
 * `packages` are shell lines that fetch them.
 */
export function prefetchScript(
  manager: PackageReading,
  packages: string | undefined,
  images: ImagesToFetch | undefined,
): string {
  return [
    `set -u
export LC_ALL=C
umask 022
rm -rf ${WORK}
mkdir -p ${WORK} || exit
trap 'rm -rf ${WORK}' EXIT
trap 'exit 1' HUP INT TERM`,
    ...(packages === undefined ? [] : [packages]),
    ...(images ? [manager.archives, findRuntime, kubeadmOf(manager, images), fetchImages(images)] : []),
    'exit 0\n',
  ].join('\n\n');
}

/** Sets `kubeadm` to a program of just the release. */
function kubeadmOf(manager: PackageReading, { revision, version }: ImagesToFetch): string {
  // Not in /tmp: programs may not be allowed to run from there.
  return `kubeadm=kubeadm
if [ "$(kubeadm version -o short 2>/dev/null)" != ${quote(`v${version}`)} ]; then
  mkdir ${WORK}/kubeadm || exit
  ${manager.unpackKubeadm(revision, `${WORK}/kubeadm`)}
  kubeadm=${WORK}/kubeadm/usr/bin/kubeadm
fi`;
}

function fetchImages({ names, version, listArguments, configuration = '' }: ImagesToFetch): string {
  const list = `${prefetchFolder}/images-v${version}`;
  return `${configuration}
images=$("$kubeadm" ${listArguments}) || { echo ${quote(`kubeadm ${version} does not tell its images`)} >&2; exit 1; }
if command -v crictl >/dev/null 2>&1; then
  present() { cri inspecti "$1" >/dev/null 2>&1; }
  pull() { cri pull "$1"; }
elif command -v ctr >/dev/null 2>&1; then
  present() { ctr -n k8s.io images ls -q | grep -Fqx "$1"; }
  pull() { ctr -n k8s.io images pull --hosts-dir /etc/containerd/certs.d "$1" >/dev/null; }
else
  echo 'there is neither crictl nor ctr to fetch images with: install cri-tools, or go without (images: false)' >&2
  exit 127
fi
missing=
: >${WORK}/images || exit
for image in $images; do
  name=\${image##*/}
  case " ${names.join(' ')} " in *" \${name%%:*} "*) ;; *) continue ;; esac
  printf '%s\\n' "$image" >>${WORK}/images || exit
  if present "$image"; then continue; fi
  left=2
  until pull "$image"; do
    if [ "$left" -eq 0 ]; then missing="$missing $image"; break; fi
    left=$((left - 1))
    sleep 2
  done
done
if [ -n "$missing" ]; then
  echo "these images cannot be fetched:$missing" >&2
  echo 'Let this node reach their registry, load them by hand (ctr -n k8s.io images import FILE), or go without (images: false).' >&2
  exit 1
fi
rm -f ${prefetchFolder}/images-v*
mv -f ${WORK}/images ${quote(list)} || exit`;
}
