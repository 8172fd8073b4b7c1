import type { Facts } from '../facts.ts';
import type { MachineFact } from '../machine.ts';
import type { NodeObject } from '../nodes.ts';

/**
 * The Node object that a machine of the inventory is. Its machine-id or system UUID decides, never its name; where several Node
 * objects share them (cloned machines), the name in the kubelet's certificate, then the addresses. Undefined: none, or facts are missing.
 */
export function nodeObjectFor(facts: Facts, inventoryName: string): NodeObject | undefined {
  const own = facts.nodes[inventoryName];
  const machine = own?.machine;
  if (!machine) return undefined;
  const candidates = (facts.cluster?.nodes ?? []).filter((node) => idMatches(machine, node) > 0);
  const best = Math.max(...candidates.map((node) => idMatches(machine, node)));
  let left = candidates.filter((node) => idMatches(machine, node) === best);
  if (left.length > 1) left = narrowed(left, (node) => node.name === own.kubelet?.nodeName);
  if (left.length > 1) left = narrowed(left, (node) => sharesAddress(machine, node));
  return left.length === 1 ? left[0] : undefined;
}

function narrowed(nodes: NodeObject[], fits: (node: NodeObject) => boolean): NodeObject[] {
  const fitting = nodes.filter(fits);
  return fitting.length > 0 ? fitting : nodes;
}

/** How many of machine-id and system UUID are the same. */
export function idMatches(machine: MachineFact, node: NodeObject): number {
  const byMachine = node.machineId !== '' && node.machineId === machine.machineId;
  const byUuid = node.systemUuid !== '' && node.systemUuid === machine.systemUuid;
  return Number(byMachine) + Number(byUuid);
}

/** Is one of the Node object's addresses on the machine? Also true where there is nothing to compare. */
export function sharesAddress(machine: MachineFact, node: NodeObject): boolean {
  const listed = node.addresses.filter((entry) => entry.type === 'InternalIP' || entry.type === 'ExternalIP');
  if (listed.length === 0 || machine.addresses.length === 0) return true;
  return listed.some((entry) => machine.addresses.includes(entry.address));
}

/** The inventory's name of a Node object's machine; undefined where no machine of the inventory is known to be it. */
export function inventoryNameOf(facts: Facts, objectName: string): string | undefined {
  return Object.keys(facts.nodes).find((name) => nodeObjectFor(facts, name)?.name === objectName);
}
