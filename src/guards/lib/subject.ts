import type { Facts } from '../../facts/facts.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import { inventoryNameOf } from '../../facts/lib/identity.ts';
import { withoutV } from '../../facts/lib/version.ts';
import type { Finding, GuardInput, GuardStep } from '../guard.ts';

/** A finding without what the guard itself adds. */
export type Draft = Omit<Finding, 'guard' | 'source'>;

/** `with.version` of a step, without `v`. */
export function targetOf(step: GuardStep | undefined): string | undefined {
  const version = step?.with['version'];
  return typeof version === 'string' && version !== '' ? withoutV(version) : undefined;
}

/** The packages that a step installs. */
export function packagesOf(step: GuardStep): readonly string[] {
  const packages = step.with['packages'];
  return Array.isArray(packages) ? packages.filter((name): name is string => typeof name === 'string') : [];
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

export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
