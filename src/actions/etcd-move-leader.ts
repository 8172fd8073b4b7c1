import { z } from 'zod';
import { ETCD_SHELL } from '../facts/lib/etcd-shell.ts';
import type { EtcdMember } from '../facts/etcd.ts';
import type { Action, ActionContext } from './action.ts';
import { machineOf, objectNameOf } from './lib/subject.ts';

/**
 * An election stops writes briefly; a leader that hands over before its restart avoids one.
 * Source: "etcd: runtime reconfiguration".
 */
export const etcdMoveLeader: Action<Record<string, never>> = {
  name: 'etcd-move-leader',
  summary: "Let another member of etcd lead before this node's own is restarted (etcdctl move-leader)",
  schema: z.strictObject({}),
  place: 'node',
  effect: 'repeatable',
  timeout: 120_000,
  usually: 5000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'etcd'],
  guards: ['membership', 'etcd-health'],
  settle: 30_000,
  makesWay: true,
  script: () => ({ commands: ['etcdctl move-leader ANOTHER'], text: SCRIPT }),
  isDone(context) {
    const etcd = context.facts.cluster?.etcd;
    if (etcd?.external) return { done: true, reason: 'etcd is external: this node restarts no member' };
    if (!etcd || etcd.error !== undefined)
      return { done: true, reason: `who leads is not known: ${etcd?.error ?? 'etcd was not asked'}` };
    const own = ownMember(context, etcd.members);
    if (!own?.leader) return { done: true, reason: `the member of ${context.node.name} does not lead` };
    if (etcd.members.filter((member) => !member.learner).length === 1)
      return { done: true, reason: 'it is the only member' };
    return { done: false, reason: `${own.name} leads` };
  },
  project(context) {
    const { cluster } = context.facts;
    if (!cluster?.etcd || etcdMoveLeader.isDone(context).done) return context.facts;
    const own = ownMember(context, cluster.etcd.members);
    const next = cluster.etcd.members.find((member) => member !== own && !member.learner);
    const members = cluster.etcd.members.map((member) => ({
      ...member,
      leader: member === next,
      ...(next && member.follows !== undefined ? { follows: next.id } : {}),
    }));
    return { ...context.facts, cluster: { ...cluster, etcd: { ...cluster.etcd, members } } };
  },
};

function ownMember(context: ActionContext<unknown>, members: readonly EtcdMember[]): EtcdMember | undefined {
  const names = [machineOf(context).etcdHost?.name, objectNameOf(context), context.node.name];
  return members.find((member) => names.includes(member.name));
}

/** etcdctl prints ids in decimal as JSON, and takes them in hexadecimal. */
const SCRIPT = `set -u
export LC_ALL=C
${ETCD_SHELL}
etcd_find
etcd_access
if tool=$(etcd_tool etcdctl); then
  ctl() { "$tool" $access "$@"; }
else
  name=$(etcd_setting name)
  ctl() { kubectl --kubeconfig /etc/kubernetes/admin.conf -n kube-system exec "etcd-$name" -c etcd -- etcdctl $access "$@"; }
fi
status=$(ctl endpoint status -w json) || exit
own=$(printf '%s' "$status" | sed -n 's/.*"member_id":\\([0-9]*\\).*/\\1/p')
leader=$(printf '%s' "$status" | sed -n 's/.*"leader":\\([0-9]*\\).*/\\1/p')
if [ "$own" != "$leader" ]; then echo 'it does not lead'; exit 0; fi
own=$(printf '%x' "$own")
# without learners and those that never started
others=$(ctl member list | grep ', started, ' | grep -v ', true *$' | cut -d, -f1 | grep -v "^$own\\$") || { echo 'no other member could lead' >&2; exit 1; }
for member in $others; do
  if ctl move-leader "$member"; then exit 0; fi
done
echo 'no other member took the lead' >&2
exit 1
`;
