import type { MachineIdentity, MachineRole } from '../machine.ts';
import type { TwinDocument, TwinInventoryNode, TwinNodeFacts, TwinNodeObject } from './document.ts';

type Member = NonNullable<NonNullable<TwinDocument['facts']['cluster']>['etcd']>['members'][number];

/** One machine of the twin: an entry of the inventory, a Node object, or both; or a member of etcd elsewhere. */
export interface Place {
  /** The Node object's name, else the inventory's. */
  readonly name: string;
  readonly role: MachineRole;
  readonly ip: string;
  readonly identity: MachineIdentity;
  readonly facts: TwinNodeFacts;
  readonly object?: TwinNodeObject;
  readonly member?: Member;
  /** It is in the inventory. */
  readonly listed: boolean;
}

/** Every machine that the document is about: those of the inventory in their order, then what else is in the cluster. */
export function placesOf({ inventory, facts }: TwinDocument): Place[] {
  const objects = [...(facts.cluster?.nodes ?? [])];
  const members = [...(facts.cluster?.etcd?.members ?? [])];
  const take = <T>(list: T[], found: T | undefined): T | undefined => {
    if (found !== undefined) list.splice(list.indexOf(found), 1);
    return found;
  };
  const known = inventory.nodes.map((node) => {
    const own = facts.nodes[node.name] ?? {};
    return { node, own, object: take(objects, objectOf(node, own, objects)) };
  });
  const listed = known.map(({ node, own, object }, index): Place => {
    const ip = addressOf(node, own, object) ?? spareAddress(index);
    const name = object?.name ?? own.kubelet?.nodeName ?? node.name;
    const isPlane = object?.controlPlane ?? node.role === 'control-plane';
    const role = isPlane ? 'control-plane' : object && node.role === 'other' ? 'worker' : node.role;
    const member =
      role === 'worker' ? undefined : take(members, memberOf(members, name, [ip, ...(own.machine?.addresses ?? [])]));
    return place({ name, role, ip, own, object, member, alias: node.name });
  });
  const others = objects.map((object, index): Place => {
    const ip = internal(object) ?? spareAddress(known.length + index);
    const role = object.controlPlane ? 'control-plane' : 'worker';
    const member = take(members, memberOf(members, object.name, [ip]));
    return place({ name: object.name, role, ip, own: {}, object, member });
  });
  const elsewhere = members.map((member, index): Place => {
    const ip = hostOf(member.clientUrls[0] ?? member.peerUrls[0]) ?? spareAddress(1000 + index);
    return place({ name: member.name || `etcd-${member.id}`, role: 'other', ip, own: {}, object: undefined, member });
  });
  return [...listed, ...others, ...elsewhere];
}

interface Parts {
  readonly name: string;
  readonly role: MachineRole;
  readonly ip: string;
  readonly own: TwinNodeFacts;
  readonly object: TwinNodeObject | undefined;
  readonly member: Member | undefined;
  /** Undefined: it is not in the inventory. */
  readonly alias?: string;
}

function place({ name, role, ip, own, object, member, alias }: Parts): Place {
  const { hostname, machineId, systemUuid, bootId, addresses } = own.machine ?? {};
  const identity: MachineIdentity = {
    alias: alias ?? name,
    hostname: hostname ?? name,
    ...(machineId || object ? { machineId: machineId ?? object?.machineId ?? '' } : {}),
    ...(own.machine || object ? { systemUuid: systemUuid ?? object?.systemUuid ?? '' } : {}),
    ...(bootId || object ? { bootId: bootId ?? object?.bootId ?? '' } : {}),
    ...(addresses ? { addresses } : {}),
  };
  return {
    name,
    role,
    ip,
    identity,
    facts: own,
    listed: alias !== undefined,
    ...(object ? { object } : {}),
    ...(member ? { member } : {}),
  };
}

/** Its kubelet's certificate names it, or it is the same machine, or it has its name. */
function objectOf(
  node: TwinInventoryNode,
  facts: TwinNodeFacts,
  objects: readonly TwinNodeObject[],
): TwinNodeObject | undefined {
  const named = objects.find(({ name }) => name === (node.object ?? facts.kubelet?.nodeName));
  if (named || facts.kubelet?.server === undefined)
    return named ?? (facts.kubelet ? undefined : byName(objects, node.name));
  const same = objects.filter(({ machineId }) => machineId !== '' && machineId === facts.machine?.machineId);
  return (same.length === 1 ? same[0] : undefined) ?? byName(objects, node.name);
}

function byName(objects: readonly TwinNodeObject[], name: string): TwinNodeObject | undefined {
  return objects.find((object) => object.name === name);
}

function memberOf(members: readonly Member[], name: string, addresses: readonly string[]): Member | undefined {
  const at = (member: Member) =>
    [...member.clientUrls, ...member.peerUrls].some((url) => addresses.includes(hostOf(url) ?? ''));
  return members.find(at) ?? members.find((member) => member.name === name);
}

function internal(object: TwinNodeObject | undefined): string | undefined {
  return object?.addresses.find(({ type }) => type === 'InternalIP')?.address;
}

function addressOf(node: TwinInventoryNode, facts: TwinNodeFacts, object: TwinNodeObject | undefined) {
  const host = node.host !== undefined && /^[\d.]+$|:/.test(node.host) ? node.host : undefined;
  const own = facts.machine?.addresses ?? [];
  return internal(object) ?? own.find((address) => address === host) ?? own[0] ?? host;
}

/** `https://10.0.0.1:2379` -> `10.0.0.1` */
export function hostOf(url: string | undefined): string | undefined {
  return /^\w+:\/\/\[?([^\]/]+?)\]?(?::\d+)?\/?$/.exec(url ?? '')?.[1];
}

/** For a machine of which no address is known. */
function spareAddress(index: number): string {
  return `198.18.${Math.floor(index / 250)}.${(index % 250) + 1}`;
}
