import { isDeepStrictEqual } from 'node:util';
import type { Facts, NodeFacts } from '../facts.ts';
import type { MachineFact } from '../machine.ts';
import type { NodeObject } from '../nodes.ts';
import { changedSince } from './changed-since.ts';
import { groupBy } from './group-by.ts';
import { carried, everySame, once } from './once.ts';

/**
 * The Node object of a machine in the inventory. Its machine-id or system UUID decides, never its name; if several Node
 * objects share them (cloned machines), the name in the kubelet's certificate decides, then the addresses.
 * Undefined: none, or facts are missing.
 */
export function nodeObjectFor(facts: Facts, inventoryName: string): NodeObject | undefined {
  const at = pairs(facts).objectAt.get(inventoryName);
  return at === undefined ? undefined : facts.cluster?.nodes?.[at];
}

/** The inventory's name of a Node object's machine; undefined where no machine of the inventory is known to be it. */
export function inventoryNameOf(facts: Facts, objectName: string): string | undefined {
  return inventoryNamesOf(facts, objectName)[0];
}

/** More than one: the inventory lists one machine twice. */
export function inventoryNamesOf(facts: Facts, objectName: string): readonly string[] {
  return pairs(facts).namesOf.get(objectName) ?? [];
}

/** By Node object, in the cluster's order: the facts of its machine, by the name if machine facts are missing. */
export function machinesByObject(facts: Facts): readonly (NodeFacts | undefined)[] {
  return pairs(facts).machines;
}

/** The machines of the inventory, in its order. */
export function machinesOf(facts: Facts): Pick<Pairs, 'names' | 'placeOf'> {
  return pairs(facts);
}

/** Which machine is which Node object, by places in the two lists: these stay while facts are projected. */
interface Pairs {
  readonly record: Facts['nodes'];
  readonly names: readonly string[];
  readonly placeOf: ReadonlyMap<string, number>;
  readonly values: readonly NodeFacts[];
  readonly objects: readonly NodeObject[];
  readonly objectAt: ReadonlyMap<string, number>;
  readonly machineAt: readonly (number | undefined)[];
  readonly machines: readonly (NodeFacts | undefined)[];
  readonly namesOf: ReadonlyMap<string, readonly string[]>;
}

const pairs = carried(pair, (last, facts) => {
  const changed = changedSince(last.record, facts.nodes);
  if (!changed) return undefined;
  const objects = facts.cluster?.nodes ?? none;
  if (!everySame(last.objects, objects, isSameObject)) return undefined;
  let { values, machines } = last;
  for (const name of changed) {
    const [at, now] = [last.placeOf.get(String(name)) ?? -1, facts.nodes[name] ?? {}];
    const before = values[at];
    if (!before || !isSameMachine(before, now)) return undefined;
    values = values.with(at, now);
    const object = last.machineAt.indexOf(at);
    if (object !== -1) machines = machines.with(object, now);
  }
  return { ...last, record: facts.nodes, values, objects, machines };
});

const none: readonly NodeObject[] = [];

function pair({ nodes: record, cluster }: Facts): Pairs {
  const [names, values, objects] = [Object.keys(record), Object.values(record), cluster?.nodes ?? none];
  const places = new Map(objects.map((object, at) => [object, at]));
  const byName = new Map(objects.map(({ name }, at) => [name, at]));
  const objectAt = new Map<string, number>();
  const machineAt = objects.map((): number | undefined => undefined);
  const namesOf = new Map<string, string[]>();
  for (const [index, name] of names.entries()) {
    const object = find(values[index] ?? {}, objects);
    const at = object === undefined ? byName.get(name) : places.get(object);
    if (at !== undefined) machineAt[at] = index;
    if (object === undefined || at === undefined) continue;
    objectAt.set(name, at);
    namesOf.set(object.name, [...(namesOf.get(object.name) ?? []), name]);
  }
  const placeOf = new Map(names.map((name, at) => [name, at]));
  const machines = machineAt.map((at) => (at === undefined ? undefined : values[at]));
  return { record, names, placeOf, values, objects, objectAt, machineAt, machines, namesOf };
}

function isSameMachine(a: NodeFacts, b: NodeFacts): boolean {
  return isDeepStrictEqual(a.machine, b.machine) && a.kubelet?.nodeName === b.kubelet?.nodeName;
}

function isSameObject(a: NodeObject, b: NodeObject): boolean {
  const ids = a.name === b.name && a.machineId === b.machineId && a.systemUuid === b.systemUuid;
  return ids && isDeepStrictEqual(a.addresses, b.addresses);
}

function find({ machine, kubelet }: NodeFacts, nodes: readonly NodeObject[]): NodeObject | undefined {
  if (!machine) return undefined;
  const candidates = withIdsOf(machine, nodes);
  const best = Math.max(...candidates.map((node) => idMatches(machine, node)));
  let left = candidates.filter((node) => idMatches(machine, node) === best);
  if (left.length > 1) left = narrowed(left, (node) => node.name === kubelet?.nodeName);
  if (left.length > 1) left = narrowed(left, (node) => sharesAddress(machine, node));
  return left.length === 1 ? left[0] : undefined;
}

/** Those that share the machine's machine-id or system UUID. */
function withIdsOf({ machineId, systemUuid = '' }: MachineFact, nodes: readonly NodeObject[]): readonly NodeObject[] {
  const { machineIds, systemUuids } = byId(nodes);
  return [...new Set([...(machineIds.get(machineId) ?? []), ...(systemUuids.get(systemUuid) ?? [])])];
}

const byId = once((nodes: readonly NodeObject[]) => ({
  machineIds: groupBy(nodes, (node) => node.machineId || undefined),
  systemUuids: groupBy(nodes, (node) => node.systemUuid || undefined),
}));

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
