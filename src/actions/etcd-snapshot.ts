import { z } from 'zod';
import { RESTORES } from '../facts/etcd-host.ts';
import { parseMetadata } from '../facts/lib/etcd-metadata.ts';
import { ETCD_SHELL } from '../facts/lib/etcd-shell.ts';
import type { Action, ActionContext, Verdict } from './action.ts';
import { backupNames, backupPath, clusterOf } from './lib/backup-name.ts';
import { bare, release } from './lib/release.ts';
import { machineOf } from './lib/subject.ts';
import { quote } from '../transport/quote.ts';

const schema = z.strictObject({
  dest: z
    .string()
    .min(1)
    .describe("The folder on the operator's machine that keeps snapshots; made where it is missing"),
  keep: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('How many snapshots of this cluster stay in that folder, the newest; 0: all of them'),
  before: release
    .optional()
    .describe(
      'Only where the API server of the node is not at this release yet: the snapshot ahead of an upgrade to it',
    ),
  verify: z
    .boolean()
    .default(true)
    .describe('Let etcdutl (or an older etcdctl) check the snapshot; what none of them can check is reported'),
});
type With = z.infer<typeof schema>;

const NAME = { kind: 'etcd', extension: 'db' };

/**
 * A snapshot holds every Secret: it is 0600 on its whole way, in no log, and taken away on the node once it is here.
 * Source: "Operating etcd clusters for Kubernetes", backing up an etcd cluster.
 */
export const etcdSnapshot: Action<With> = {
  name: 'etcd-snapshot',
  summary: "Take a snapshot of etcd, verify it, and bring it to the operator's machine (etcdctl snapshot save)",
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 1_800_000,
  usually: 30_000,
  onTimeout: 'kill',
  facts: ['machine', 'nodes', 'staticPods'],
  outcomeFacts: [],
  guards: ['membership', 'same-machine'],
  settle: 0,
  unsupported: ({ node }) =>
    node.role === 'control-plane' ? undefined : `${node.name} is no control plane: a snapshot is taken through one`,
  localPaths: ['dest'],
  looksAt: (context) => ({ local: [{ path: here(context) }, { path: `${here(context)}.json`, text: true }] }),
  fetches(context) {
    const { keep } = context.with;
    const last = keep > 0 ? { keep: { count: keep, names: backupNames(NAME, context), with: ['.json'] } } : {};
    const from = `${RESTORES}/${context.run}`;
    return [
      { remote: `${from}/snapshot.json`, local: `${here(context)}.json`, mode: 0o600, remove: true },
      { remote: `${from}/snapshot.db`, local: here(context), mode: 0o600, remove: true, ...last },
    ];
  },
  script: (context) => ({ commands: shown(context), text: scriptOf(context) }),
  isDone: (context) => verdict(context),
  verify: (context) => verdict(context),
  project(context) {
    const { files } = context.facts;
    const local = { ...files?.local, [here(context)]: { sha256: 'of the snapshot', sealed: true } };
    return { ...context.facts, files: { nodes: files?.nodes ?? {}, local } };
  },
};

function here(context: ActionContext<With>): string {
  return backupPath(NAME, context);
}

/** Whether this run's snapshot lies here, whole. */
function verdict(context: ActionContext<With>): Verdict {
  const path = here(context);
  const file = context.facts.files?.local[path];
  if (file?.sha256 === undefined) return notNeeded(context) ?? { done: false, reason: 'each run takes its own' };
  if (file.sealed !== true)
    return { done: false, reason: `${path} does not end with the hash of its content: it is damaged` };
  const told = parseMetadata(context.facts.files?.local[`${path}.json`]?.text);
  if (!told) return { done: true, reason: `it is in ${path}` };
  if (told.sha256 !== file.sha256) return { done: false, reason: `${path} is not what its metadata describe` };
  const revision = told.status ? `revision ${told.status.revision}, ${told.status.totalKey} keys, ` : '';
  return { done: true, reason: `it is in ${path}: ${revision}sha256 ${file.sha256}` };
}

/** What a snapshot ahead of an upgrade would be for has happened. */
function notNeeded(context: ActionContext<With>): Verdict | undefined {
  const tag = machineOf(context).staticPods?.components['kube-apiserver']?.tag;
  if (tag === undefined || bare(tag) !== context.with.before) return undefined;
  return { done: true, reason: `the API server of ${context.node.name} is at ${bare(tag)} already` };
}

function shown(context: ActionContext<With>): string[] {
  return [
    `etcdctl snapshot save ${RESTORES}/${context.run}/snapshot.db`,
    ...(context.with.verify ? ['etcdutl snapshot status -w json'] : []),
    `fetch it to ${here(context)}`,
  ];
}

function scriptOf(context: ActionContext<With>): string {
  return `set -u
umask 077
export LC_ALL=C
${ETCD_SHELL}
run=${quote(context.run)} cluster=${quote(clusterOf(context))} node=${quote(context.node.name)}
work=${RESTORES}/\${RUNBOOK_RUN:-$run}
# what earlier backups left: their files have gone to the operator
rmdir ${RESTORES}/* 2>/dev/null
mkdir -p "$work" || exit
file=$work/snapshot.db
etcd_find
etcd_access
[ -n "$endpoint" ] || { echo 'neither a manifest of etcd nor one of kube-apiserver tells where etcd answers' >&2; exit 1; }
if [ "$kind" != none ]; then
  data=$(etcd_setting data-dir)
  need=$(du -sk "$data/member" 2>/dev/null | cut -f1)
  free=$(df -Pk "$work" | awk 'NR == 2 { print $4 }')
  if [ -n "$need" ] && [ -n "$free" ] && [ "$free" -lt "$((need + 204800))" ]; then
    echo "too little room for a snapshot on $work: $free KiB are free, etcd has $need KiB, and 200 MiB must be left" >&2
    exit 1
  fi
fi
${WAYS}
if [ "$kind" = none ]; then
  # a snapshot is taken from one member: the first that is healthy
  for one in $(etcd_api_flag etcd-servers | tr , ' '); do
    etcd_at "$one"
    if ctl endpoint health --command-timeout=5s >/dev/null 2>&1; then break; fi
  done
fi
rm -f "$file" "$file.part"
save "$file" || { echo 'the snapshot was not taken' >&2; exit 1; }
[ -s "$file" ] || { echo 'the snapshot is empty' >&2; exit 1; }
members=$(ctl member list -w json) || exit
version=$(ctl endpoint status -w json | sed -n 's/.*"version":"\\([^"]*\\)".*/\\1/p')
status=null checked='its checksum only: no etcdutl here, and no etcdctl that could'
${context.with.verify ? VERIFY : "checked='not verified by a program, as the step says'\n"}sum=$(sha256sum < "$file") || exit
sum=\${sum%% *}
size=$(echo $(wc -c < "$file"))
authority=
if [ -r "$ca" ]; then authority=$(sha256sum < "$ca"); authority=\${authority%% *}; fi
release=$(sed -n 's/^ *image: .*:v\\([0-9.]*\\).*/\\1/p' /etc/kubernetes/manifests/kube-apiserver.yaml 2>/dev/null | head -n 1)
cat > "$work/snapshot.json" <<METADATA
{"kind":"EtcdSnapshot","takenAt":"$(date -u +%Y-%m-%dT%H:%M:%SZ)","node":"$node","cluster":"$cluster","etcd":"$version","kubernetes":"$release","size":$size,"sha256":"$sum","ca":"$authority","memberList":$members,"status":$status}
METADATA
echo "taken through $way from $endpoint: $size bytes, sha256 $sum"
echo "verified: $checked"
[ "$status" = null ] || echo "status: $status"
`;
}

/**
 * The ways to etcdctl: its program run from here; else in its pod; else in its container, where it can write
 * only its data folder.
 */
const WAYS = `way=
if tool=$(etcd_tool etcdctl); then
  way=$tool
  ctl() { "$tool" $access "$@"; }
  save() { ctl snapshot save "$1"; }
elif [ "$kind" = pod ]; then
  name=$(etcd_setting name)
  container=$(crictl ps -q --name etcd 2>/dev/null | head -n 1)
  for way in 'kubectl exec' 'crictl exec'; do
    if [ "$way" = 'kubectl exec' ]; then
      ctl() { kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=0 -n kube-system exec "etcd-$name" -c etcd -- etcdctl $access "$@"; }
    else
      ctl() { crictl exec "$container" etcdctl $access "$@"; }
    fi
    if ctl endpoint health >/dev/null 2>&1; then break; fi
    way=
  done
  save() {
    inside=$data/runbook-snapshot.db
    rm -f "$inside" "$inside.part"
    ctl snapshot save "$inside" && mv "$inside" "$1"
  }
fi
[ -n "$way" ] || { echo 'no etcdctl: neither that of the running etcd, nor one on this machine, nor through kubectl exec or crictl exec' >&2; exit 1; }`;

/** etcdctl knows \`snapshot status\` up to 3.5; etcdutl since 3.5. */
const VERIFY = `for name in etcdutl etcdctl; do
  program=$(etcd_tool "$name") || continue
  said=$("$program" snapshot status "$file" -w json 2>"$work/said") || continue
  case $said in
    *'"hash"'*'"revision"'*) status=$said checked="by $program snapshot status"; break ;;
  esac
done
if [ "$status" = null ] && grep -qi -e 'hash check failed' -e 'checksum' "$work/said" 2>/dev/null; then
  cat "$work/said" >&2
  exit 1
fi
rm -f "$work/said"
`;
