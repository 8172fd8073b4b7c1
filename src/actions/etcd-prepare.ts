import { z } from 'zod';
import { RESTORES } from '../facts/etcd-host.ts';
import { parseMetadata } from '../facts/lib/etcd-metadata.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { hostOf, isMarked, prologue, withMark } from './lib/etcd-restore-shell.ts';

const schema = z.strictObject({
  snapshot: z.string().min(1).describe("The snapshot on the operator's machine, as `etcdctl snapshot save` wrote it"),
  sha256: z
    .string()
    .regex(/^([0-9a-f]{64})?$/, '64 hexadecimal digits')
    .default('')
    .describe('What its sha256 must be; unless given, that of the metadata beside it counts'),
});
type With = z.infer<typeof schema>;

/** Everything that can be found wrong is found here, while etcd still runs: nothing of it is touched. */
export const etcdPrepare: Action<With> = {
  name: 'etcd-prepare',
  summary: 'Bring a snapshot of etcd to its machine and prove that it can be restored there; etcd is not touched',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 1_800_000,
  usually: 60_000,
  onTimeout: 'kill',
  facts: ['etcdHost'],
  guards: ['etcd-snapshot-whole', 'etcd-snapshot-cluster'],
  settle: 0,
  localPaths: ['snapshot'],
  sources: ['snapshot'],
  looksAt: ({ with: { snapshot } }) => ({ local: [{ path: snapshot }, { path: `${snapshot}.json`, text: true }] }),
  sends: (context) =>
    hostOf(context)?.kind === undefined
      ? []
      : [{ local: context.with.snapshot, remote: `${RESTORES}/${context.run}/snapshot.db`, mode: 0o600, closed: true }],
  script: (context) => ({
    commands: [
      `send ${context.with.snapshot} to ${RESTORES}/${context.run}/snapshot.db`,
      'keep etcdutl and etcdctl of the running etcd beside it',
      'etcdutl snapshot status',
    ],
    text: `${prologue(context)}expected=${hashTold(context)}\n${SCRIPT}`,
  }),
  isDone(context) {
    const host = hostOf(context);
    if (!host) return { done: false, reason: `nothing is known of etcd on ${context.node.name}` };
    if (host.kind === undefined) return { done: true, reason: `no etcd runs on ${context.node.name}` };
    const done = isMarked(context, 'prepared');
    return { done, reason: done ? 'the snapshot lies ready' : 'the snapshot is not there yet' };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) =>
      node.etcdHost?.kind === undefined
        ? { ...node, etcdHost: node.etcdHost ?? { running: false, apiServer: false, hasData: false, marks: {} } }
        : { ...node, etcdHost: withMark(node.etcdHost, context.run, 'prepared') },
    ),
};

/** etcd's own hash over all keys, as it was when the snapshot was taken; empty: it is not known. */
function hashTold({ facts, with: { snapshot } }: ActionContext<With>): string {
  return String(parseMetadata(facts.files?.local[`${snapshot}.json`]?.text)?.status?.hash ?? '');
}

const SCRIPT = `if marked prepared; then say 'it was prepared before'; exit 0; fi
[ "$kind" != none ] || refuse 'there is no etcd on this machine'
[ -s "$snapshot" ] || refuse "the snapshot is not in $snapshot"
places
[ -z "$(etcd_setting wal-dir)" ] || refuse "etcd keeps its log in a wal-dir of its own ($(etcd_setting wal-dir)): restore it by hand"
[ ! -e "$old" ] || refuse "$old is in the way: etcd's data would be moved there; look at it and take it away"
mkdir -p "$work/bin" || exit
# the programs of the image are out of reach once etcd has stopped
from_image() {
  [ "$kind" = pod ] && command -v ctr >/dev/null 2>&1 || return 1
  image=$(sed -n 's/^ *image: *//p' "$manifests/etcd.yaml" | head -n 1)
  mkdir -p "$work/image"
  ctr -n k8s.io images mount "$image" "$work/image" >/dev/null 2>&1 || return 1
  for name in etcdutl etcdctl; do
    for folder in usr/local/bin usr/bin; do
      if [ -x "$work/image/$folder/$name" ]; then cp "$work/image/$folder/$name" "$work/bin/$name"; fi
    done
  done
  ctr -n k8s.io images unmount --rm "$work/image" >/dev/null 2>&1 || umount "$work/image" 2>/dev/null
  [ -e "$work/bin/etcdutl" ] || [ -e "$work/bin/etcdctl" ]
}
for name in etcdutl etcdctl; do
  if program=$(etcd_tool "$name"); then
    case $program in
      /proc/*) cp "$program" "$work/bin/$name" && chmod 700 "$work/bin/$name" || exit ;;
      *) printf '%s\\n' '#!/bin/sh' "exec $program \\"\\$@\\"" > "$work/bin/$name" && chmod 700 "$work/bin/$name" || exit ;;
    esac
  fi
done
if [ ! -e "$work/bin/etcdutl" ] && [ ! -e "$work/bin/etcdctl" ]; then from_image; chmod 700 "$work/bin"/* 2>/dev/null; fi
restorer=
for name in etcdutl etcdctl; do
  [ -x "$work/bin/$name" ] || continue
  help=$("$work/bin/$name" snapshot restore --help 2>&1)
  # etcdctl 3.6 answers with the help of the words that it does know
  case $help in *--data-dir*) ;; *) continue ;; esac
  restorer=$name
  printf '%s\\n' "$name" > "$work/restorer"
  break
done
[ -n "$restorer" ] || refuse 'no program here can restore a snapshot: neither etcdutl nor an etcdctl before 3.6, in the image of etcd or on the machine'
case $help in
  *--bump-revision*) say "$restorer raises the revision, so that whoever watches the API notices" ; : > "$work/bumps" ;;
  *) say "ATTENTION: this $restorer knows no --bump-revision: restart whatever watches the API afterwards (controllers, operators, CNI)" ;;
esac
for name in etcdutl etcdctl; do
  [ -x "$work/bin/$name" ] || continue
  if ! said=$("$work/bin/$name" snapshot status "$snapshot" -w json 2>"$work/said"); then
    grep -qi 'unknown command' "$work/said" && continue
    refuse "$name cannot read the snapshot, it is damaged: $(tail -n 1 "$work/said"); take another one (nothing was stopped)"
  fi
  case $said in *'"revision"'*) ;; *) continue ;; esac
  say "$name says of it: $said"
  hash=$(printf '%s' "$said" | sed -n 's/.*"hash":\\([0-9]*\\).*/\\1/p')
  if [ -n "$expected" ] && [ "$hash" != "$expected" ]; then
    refuse "$name says that the hash of its keys is $hash, but it was $expected when the snapshot was taken: it is damaged; take another one (nothing was stopped)"
  fi
  break
done
rm -f "$work/said"
need=$(du -sk "$snapshot" | cut -f1)
free=$(df -Pk "\${dir%/*}" 2>/dev/null | awk 'NR == 2 { print $4 }')
if [ -n "$need" ] && [ -n "$free" ] && [ "$free" -lt "$((need * 2 + 102400))" ]; then
  refuse "too little room beside $dir: $free KiB are free, the restored data need about $((need * 2)) KiB"
fi
mark prepared
`;
