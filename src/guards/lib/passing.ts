import { memberOf } from '../../actions/lib/own-member.ts';
import { nodeObjectFor } from '../../facts/lib/identity.ts';
import type { GuardInput, GuardNode } from '../guard.ts';

/**
 * The cluster without what is on its way in or out: the control plane that the step is about, and those that an
 * interrupted join or removal left in between. Their parts do not fit each other, and the step is what puts them right.
 */
export function withoutPassing(input: GuardInput): GuardInput {
  const { before, nodes, step } = input;
  const { cluster } = before;
  const own = step?.action.membership === undefined ? undefined : step.node.name;
  const names = nodes.filter((node) => node.name === own || isBetween(input, node)).map(({ name }) => name);
  if (!cluster || names.length === 0) return input;
  const objects = new Set(names.flatMap((name) => nodeObjectFor(before, name)?.name ?? []));
  const isOn = names.map((name) => memberOf(before, name));
  const { etcd, apiServers } = cluster;
  return {
    ...input,
    before: {
      ...before,
      cluster: {
        ...cluster,
        ...(cluster.nodes && { nodes: cluster.nodes.filter(({ name }) => !objects.has(name)) }),
        ...(apiServers && { apiServers: apiServers.filter(({ node }) => !objects.has(node)) }),
        ...(etcd && { etcd: { ...etcd, members: etcd.members.filter((member) => !isOn.some((is) => is(member))) } }),
      },
    },
  };
}

function isBetween({ before }: GuardInput, { name, role, joins, leaves }: GuardNode): boolean {
  if (role !== 'control-plane') return false;
  const kubelet = before.nodes[name]?.kubelet;
  if (joins === true && kubelet?.joining === true) return true;
  if (leaves !== true || !nodeObjectFor(before, name)) return false;
  const { etcd } = before.cluster ?? {};
  const isOn = memberOf(before, name);
  const lostMember = etcd?.external === false && etcd.error === undefined && !etcd.members.some(isOn);
  return lostMember || (kubelet?.active === false && kubelet.server === undefined);
}
