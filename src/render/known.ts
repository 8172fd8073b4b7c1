import type { KnownCause } from '../event.ts';
import type { Line } from './style.ts';
import { wrap } from './width.ts';

const LABEL = 'known: ';

/**
 * What known texts in the output of a failed step mean, and what to do.
 *
 * @param columns where lines that are longer are cut; else whoever prints them breaks them
 */
export function knownLines(known: readonly KnownCause[] = [], indent = '', columns = Infinity): Line[] {
  return known.flatMap(({ id, meaning, remedy }): Line[] => {
    const next = `${indent}${' '.repeat(LABEL.length)}`;
    const broken = (text: string): string[] => wrap(text, columns - next.length);
    const [first = '', ...more] = broken(`${id}: ${meaning}`);
    const [todo = '', ...rest] = broken(remedy);
    return [
      [{ text: `${indent}${LABEL}`, as: 'bold' }, first],
      ...more.map((line): Line => [`${next}${line}`]),
      [{ text: `${indent}${'do: '.padStart(LABEL.length)}`, as: 'bold' }, todo],
      ...rest.map((line): Line => [`${next}${line}`]),
      [{ text: `${next}runbook explain ${id}`, as: 'dim' }],
    ];
  });
}
