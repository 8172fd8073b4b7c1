import type { Facts } from '../../facts/facts.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import { groupBy } from '../../facts/lib/group-by.ts';
import { inventoryNameOf } from '../../facts/lib/identity.ts';
import { once } from '../../facts/lib/once.ts';
import type { BoundStep } from '../../actions/bound-step.ts';
import type { Finding, Guard, GuardInput, GuardNode } from '../guard.ts';

/** A finding without what the guard itself adds. */
export type Draft = Omit<Finding, 'guard' | 'source'>;

export function findingOf(guard: Pick<Guard, 'id' | 'source'>, draft: Draft): Finding {
  return { guard: guard.id, source: guard.source, ...draft };
}

/** The release that a step is about, if it names one. */
export function targetOf(step: BoundStep | undefined): string | undefined {
  return step?.action.target?.(step.with);
}

/** The nodes of the inventory that belong to the cluster; before a step that step's alone. */
export function judgedMembers({ nodes, step }: GuardInput): readonly GuardNode[] {
  const judged = step ? (nodesByName(nodes).get(step.node.name) ?? []) : nodes;
  return judged.filter(({ role }) => role !== 'other');
}

const nodesByName = once((nodes: readonly GuardNode[]) => groupBy(nodes, ({ name }) => name));

/** What people know a Node object by: its name in the inventory, else its own. */
export function peopleName(facts: Facts, object: string): string {
  return inventoryNameOf(facts, object) ?? object;
}

/** `{ node }` for a finding about a Node object, where it is in the inventory. */
export function nodeField(input: GuardInput, object: NodeObject | string): { readonly node?: string } {
  const name = inventoryNameOf(input.before, typeof object === 'string' ? object : object.name);
  return name === undefined ? {} : { node: name };
}

/** The first names, and how many more there are. */
export function listed(names: readonly string[], limit = 10): string {
  const shown = names.slice(0, limit).join(', ');
  return names.length > limit ? `${shown} and ${names.length - limit} more` : shown;
}
