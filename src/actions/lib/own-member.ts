import type { EtcdFact, EtcdMember } from '../../facts/etcd.ts';
import type { Facts } from '../../facts/facts.ts';
import { nodeObjectFor } from '../../facts/lib/identity.ts';
import type { ActionContext } from '../action.ts';

/** The members of etcd that are on the node of a step, among them one that never started. */
export function membersOn({ facts, node }: ActionContext<unknown>, etcd: EtcdFact): readonly EtcdMember[] {
  const isOwn = memberOf(facts, node.name);
  return etcd.members.filter(isOwn);
}

/** Is a member on a machine of the inventory? kubeadm names it as its Node object; a new one has only its addresses. */
export function memberOf(facts: Facts, inventoryName: string): (member: EtcdMember) => boolean {
  const object = nodeObjectFor(facts, inventoryName);
  const { machine, etcdHost } = facts.nodes[inventoryName] ?? {};
  const names = [object?.name, etcdHost?.name, machine?.hostname.toLowerCase() ?? inventoryName];
  const addresses = [...(machine?.addresses ?? []), ...(object?.addresses ?? []).map(({ address }) => address)];
  return ({ name, peerUrls }) =>
    name === '' ? peerUrls.some((url) => addresses.includes(hostOf(url))) : names.includes(name);
}

/** The host of `https://10.0.0.11:2380`, without the brackets of IPv6. */
export function hostOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//, '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
}

export function withoutMembers(etcd: EtcdFact, gone: readonly EtcdMember[]): EtcdFact {
  if (gone.length === 0) return etcd;
  const left = etcd.members.filter((member) => !gone.includes(member));
  const [next] = left.filter((member) => !member.learner);
  if (!next || left.some(({ leader }) => leader)) return { ...etcd, members: left };
  // Another one leads from then on.
  const members = left.map((member) => ({
    ...member,
    leader: member === next,
    ...(member.follows === undefined ? {} : { follows: next.id }),
  }));
  return { ...etcd, members };
}
