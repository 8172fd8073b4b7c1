import type { KnownCause } from '../event.ts';
import { knownTexts } from './groups.ts';
import { normalLine } from './normal-line.ts';
import { passedIn } from './passed.ts';
import { KNOWN_LINES, type KnownText } from './text.ts';

const MOST = 3;

const RANKS = ['last', 'general', 'plain', 'broad'] as const;
const GENERAL = RANKS.indexOf('general');

/** The known texts in the last lines of a failed step's output: at most three, the narrowest first, then the latest. */
export function recognise(output: readonly string[]): KnownCause[] {
  const lines = output
    .slice(-KNOWN_LINES)
    .flatMap((line) => line.split('\r'))
    .map(normalLine);
  const passed = passedIn(lines);
  const places = new Map(lines.flatMap((line, at) => (passed(at) ? [] : [[line, at] as const])));
  const found = new Map<KnownText, number>();
  for (const [line, at] of places) for (const text of inLine(line)) found.set(text, at);
  const least = Math.min(GENERAL + 1, Math.max(0, ...[...found.keys()].map(rank)));
  return [...found]
    .filter(([text]) => rank(text) >= least)
    .toSorted(([a, atA], [b, atB]) => rank(b) - rank(a) || atB - atA)
    .slice(0, MOST)
    .map(([{ id, meaning, remedy }]) => ({ id, meaning, remedy }));
}

/** The texts of one line, without those that give way to another one of it. */
function inLine(line: string): KnownText[] {
  const all = knownTexts.filter(({ patterns }) => patterns.some((pattern) => pattern.test(line)));
  const most = Math.max(0, ...all.map(rank));
  return all.filter((text) => rank(text) === most);
}

/** The higher, the narrower. */
function rank({ breadth }: KnownText): number {
  return breadth === undefined ? RANKS.length : RANKS.indexOf(breadth);
}
