import { type Outcome, type OutcomeCounts, OUTCOMES } from '../event.ts';
import type { Colour, Symbols } from './style.ts';

const OUTCOME_COLOURS: Record<Outcome, Colour> = {
  changed: 'green',
  unchanged: 'dim',
  skipped: 'dim',
  failed: 'red',
  unknown: 'yellow',
};

export function outcomeColour(outcome: Outcome): Colour {
  return OUTCOME_COLOURS[outcome];
}

export function outcomeSymbol(outcome: Outcome, symbols: Symbols): string {
  return outcome === 'changed' ? symbols.change : symbols[outcome];
}

/** `5 changed, 1 failed`; outcomes that did not occur are left out. */
export function countsText(counts: Readonly<OutcomeCounts>): string {
  const parts = OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => `${counts[outcome]} ${outcome}`);
  return parts.length === 0 ? 'nothing done' : parts.join(', ');
}
