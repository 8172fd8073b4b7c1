import type { Entry } from './entry.ts';
import { exitCodeEntries } from './exit-codes.ts';
import { failureEntries } from './failures.ts';
import { guardEntries } from './guards.ts';
import { knownEntries } from './known.ts';

/** Everything that has a code, by kind. */
export function entries(): readonly Entry[] {
  return [...exitCodeEntries(), ...failureEntries(), ...guardEntries(), ...knownEntries()];
}
