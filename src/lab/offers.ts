import type { Machine } from './machine.ts';
import { repositoryOf } from './releases.ts';

/** What the repository of a minor has for a machine, newest first; undefined: it does not answer. */
export function offeredBy(machine: Machine, minor: string): Readonly<Record<string, readonly string[]>> | undefined {
  const known = machine.offers.get(minor);
  if (!known) return repositoryOf(minor);
  return Object.keys(known.revisions).length > 0 ? known.revisions : undefined;
}
