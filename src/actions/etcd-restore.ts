import { z } from 'zod';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { hostOf, initialCluster, isMarked, prologue, withMark } from './lib/etcd-restore-shell.ts';
import { quote } from '../transport/quote.ts';

/**
 * Each member from the same snapshot, with its own name and address, the whole initial cluster and one token. The old
 * data are moved aside and stay. Source: etcd, "Disaster recovery": restoring a cluster, restoring with revision bump.
 */
export const etcdRestore: Action<Record<string, never>> = {
  name: 'etcd-restore',
  summary:
    'Restore a stopped member of etcd from the prepared snapshot (etcdutl snapshot restore); its old data are moved aside',
  schema: z.strictObject({}),
  place: 'node',
  effect: 'once',
  timeout: 1_800_000,
  usually: 60_000,
  onTimeout: 'kill',
  facts: ['etcdHost'],
  guards: ['etcd-members-stopped', 'etcd-old-data'],
  settle: 0,
  script(context) {
    const host = hostOf(context);
    const [name = '', peer = '', dir = ''] = [host?.name, host?.peerUrl, host?.dataDir];
    const words = `--name ${quote(name)} --initial-cluster ${quote(initialCluster(context))} --initial-advertise-peer-urls ${quote(peer)}`;
    return {
      commands: [
        `etcdutl snapshot restore snapshot.db --data-dir ${dir}.restore-${context.run} ${words} --initial-cluster-token runbook-${context.run} --bump-revision 1000000000 --mark-compacted`,
        `mv ${dir}/member ${dir}.before-${context.run}/`,
        `mv ${dir}.restore-${context.run}/member ${dir}/`,
      ],
      text: `${prologue(context)}words="${words}"\n${SCRIPT}`,
    };
  },
  isDone(context) {
    const host = hostOf(context);
    if (!host) return { done: false, reason: `nothing is known of etcd on ${context.node.name}` };
    if (host.kind === undefined) return { done: true, reason: `no member of etcd is on ${context.node.name}` };
    const done = isMarked(context, 'restored');
    return { done, reason: done ? 'its data are those of the snapshot' : 'its data are not those of the snapshot yet' };
  },
  project: (context) =>
    withNode(context.facts, context.node.name, (node) =>
      node.etcdHost?.kind === undefined
        ? { ...node, etcdHost: node.etcdHost ?? { running: false, apiServer: false, hasData: false, marks: {} } }
        : { ...node, etcdHost: withMark({ ...node.etcdHost, hasData: true }, context.run, 'restored') },
    ),
};

const SCRIPT = `if marked restored; then say 'it was restored before'; exit 0; fi
[ "$kind" != none ] || refuse 'there is no etcd on this machine'
marked stopped || refuse 'etcd was not stopped on this machine for this restore (etcd-stop)'
[ -z "$(process etcd)" ] || refuse "etcd runs here (pid $(process etcd)): its data are in use; stop it, then runbook resume"
[ -s "$snapshot" ] || refuse "the snapshot is not in $snapshot"
places
restorer=$work/bin/$(cat "$work/restorer") || exit
if marked placing && [ -e "$dir/member" ] && [ ! -e "$new/member" ]; then
  # cut off between the last rename and its mark
  if command -v restorecon >/dev/null 2>&1; then restorecon -R "$dir"; fi
  mark restored
  say 'its data were put in place before'
  exit 0
fi
if [ -e "$dir/member" ] && [ -e "$old/member" ]; then
  refuse "$old holds data already, and so does $dir: one of them would be overwritten; look at both"
fi
bump=
if [ -e "$work/bumps" ]; then bump='--bump-revision 1000000000 --mark-compacted'; fi
# what an attempt of this run left behind when it was cut off
rm -rf "$new"
"$restorer" snapshot restore "$snapshot" --data-dir "$new" $words --initial-cluster-token "runbook-$run" $bump || refuse 'the snapshot was not restored; the old data are where they were'
[ -e "$new/member" ] || refuse "the restore left nothing in $new"
owner=$(stat -c '%U:%G' "$dir" 2>/dev/null || echo root:root)
chown -R "$owner" "$new" || exit
mkdir -p "$dir" || exit
if [ -e "$dir/member" ]; then
  mkdir -p "$old" && mv "$dir/member" "$old/member" || exit
  say "the old data are in $old; delete them when you are sure"
fi
mark placing
mv "$new/member" "$dir/member" || exit
rm -rf "$new"
if command -v restorecon >/dev/null 2>&1; then restorecon -R "$dir"; fi
[ -n "$bump" ] || say 'ATTENTION: the revision is that of the snapshot: no program here could raise it'
mark restored
`;
