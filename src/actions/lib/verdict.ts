import type { Verdict } from '../action.ts';

/** Done when nothing is missing; else the reason names all that is. */
export function verdictOf(missing: readonly string[], whenDone: string): Verdict {
  return missing.length === 0 ? { done: true, reason: whenDone } : { done: false, reason: missing.join('; ') };
}

/** Names in a sentence, cut after `limit` with the number of the others. */
export function some(names: readonly string[], limit = 5): string {
  const more = names.length - limit;
  return more > 0 ? `${names.slice(0, limit).join(', ')} and ${more} more` : names.join(', ');
}
