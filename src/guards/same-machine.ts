import type { Facts } from '../facts/facts.ts';
import type { MachineFact } from '../facts/machine.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { idMatches, inventoryNamesOf, nodeObjectFor, sharesAddress } from '../facts/lib/identity.ts';
import { once } from '../facts/lib/once.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { claimedObject } from './membership.ts';
import { judgedMembers, listed } from './lib/subject.ts';

export const sameMachine: Guard = {
  id: 'same-machine',
  title: 'The machine behind the SSH address is the one behind the Node object',
  source: 'Node API: status.nodeInfo.machineID, systemUUID and status.addresses',
  facts: ['nodes', 'machine', 'kubelet'],
  scope: 'step',
  binding: 'another machine than the one that is drained would be changed',
  check: (input) => {
    if (!input.before.cluster?.nodes) return [];
    const members = judgedMembers(input);
    const found = members.flatMap((node) => judge(input, node));
    if (input.step) return found;
    const refused = new Set(found.map(({ node }) => node));
    return [
      ...found,
      ...otherNames(
        input,
        members.filter(({ name }) => !refused.has(name)),
      ),
    ];
  },
};

function judge(input: GuardInput, node: GuardNode): Finding[] {
  const { before } = input;
  const machine = before.nodes[node.name]?.machine;
  if (!machine) return [];
  const object = nodeObjectFor(before, node.name);
  if (!object) return impostor(before, node, machine);
  if (object.name !== node.name && namesOf(before.cluster?.nodes ?? none).has(node.name)) {
    return [
      refusal(
        node,
        `${node.name} (${node.host}) is the machine of the Node object ${object.name}, and ${node.name} is the name of another Node object`,
        `Correct the names or the addresses in the inventory: ${node.name} must lead to the machine of ${node.name}.`,
      ),
    ];
  }
  const names = inventoryNamesOf(before, object.name);
  const twin =
    names.length > 1 ? input.nodes.find(({ name }) => name !== node.name && names.includes(name)) : undefined;
  if (twin) {
    return [
      refusal(
        node,
        `${node.name} and ${twin.name} of the inventory are one machine: both are the Node object ${object.name} (machine-id ${machine.machineId})`,
      ),
    ];
  }
  return clone(before, node, machine, object);
}

const none: readonly NodeObject[] = [];
const namesOf = once((nodes: readonly NodeObject[]) => new Set(nodes.map(({ name }) => name)));

/** Names of the inventory that no Node object has: the machine decides which one it is, and people should know. */
function otherNames({ before }: GuardInput, members: readonly GuardNode[]): Finding[] {
  const names = namesOf(before.cluster?.nodes ?? none);
  const other = members.flatMap(({ name }) => {
    const object = names.has(name) ? undefined : nodeObjectFor(before, name);
    return object ? [`${name} is ${object.name}`] : [];
  });
  if (other.length === 0) return [];
  return [
    {
      guard: sameMachine.id,
      severity: 'note',
      summary: `names of the inventory that no Node object has, by their machines: ${listed(other)}`,
      remedy: 'Nothing is to be done. With the names that `kubectl get nodes` shows, both are the same everywhere.',
      source: sameMachine.source,
    },
  ];
}

/** It bears the name or the address of a Node object, and is another machine. */
function impostor(facts: Facts, node: GuardNode, machine: MachineFact): Finding[] {
  const claimed = claimedObject(facts, node);
  if (!claimed) return [];
  if (idMatches(machine, claimed) > 0) {
    const same = (facts.cluster?.nodes ?? []).filter((object) => idMatches(machine, object) > 0);
    const names = same.map((object) => object.name).join(', ');
    return [
      refusal(
        node,
        `${node.name} cannot be told apart: the Node objects ${names} share its ids (machine-id ${machine.machineId})`,
      ),
    ];
  }
  return [
    refusal(
      node,
      `${node.name} (${node.host}) is not the machine of the Node object ${claimed.name}: machine-id ${machine.machineId} there, ${claimed.machineId} in the cluster${uuids(machine, claimed)}`,
    ),
  ];
}

/** Cloned machines may share a machine-id: if the UUIDs differ, name and address must match. */
function clone(facts: Facts, node: GuardNode, machine: MachineFact, object: NodeObject): Finding[] {
  const differs = (own: string | undefined, seen: string) => own !== undefined && seen !== '' && own !== seen;
  const contradicted = differs(machine.machineId, object.machineId) || differs(machine.systemUuid, object.systemUuid);
  if (!contradicted) return [];
  const nodeName = facts.nodes[node.name]?.kubelet?.nodeName;
  if ((nodeName === undefined || nodeName === object.name) && sharesAddress(machine, object)) return [];
  return [
    refusal(
      node,
      `${node.name} (${node.host}) looks like a clone of the Node object ${object.name}: machine-id ${machine.machineId} there, ${object.machineId} in the cluster${uuids(machine, object)}`,
    ),
  ];
}

function uuids(machine: MachineFact, object: NodeObject): string {
  return machine.systemUuid === undefined || object.systemUuid === ''
    ? ''
    : ` (system UUID ${machine.systemUuid} there, ${object.systemUuid} in the cluster)`;
}

function refusal(node: GuardNode, summary: string, remedy = correct(node)): Finding {
  return {
    guard: sameMachine.id,
    severity: 'refuse',
    node: node.name,
    summary,
    remedy,
    source: sameMachine.source,
  };
}

function correct({ name }: GuardNode): string {
  return `Correct the address of ${name} in the inventory (or the kubeconfig). If the machine was given a new machine-id, restart its kubelet so that the Node object shows it.`;
}
