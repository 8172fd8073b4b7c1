import type { Facts } from '../../facts/facts.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import { inventoryNameOf } from '../../facts/lib/identity.ts';
import type { BoundStep } from '../../actions/bound-step.ts';
import type { Finding, Guard, GuardInput } from '../guard.ts';

/** A finding without what the guard itself adds. */
export type Draft = Omit<Finding, 'guard' | 'source'>;

export function findingOf(guard: Pick<Guard, 'id' | 'source'>, draft: Draft): Finding {
  return { guard: guard.id, source: guard.source, ...draft };
}

/** The release that a step is about, if it names one. */
export function targetOf(step: BoundStep | undefined): string | undefined {
  return step?.action.target?.(step.with);
}

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
