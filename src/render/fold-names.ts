/** Fewer names than this are listed rather than written as a range. */
const FEWEST = 3;

/**
 * Names in their order, with those that count up by one written as the inventory's ranges: `worker-[1:20]`,
 * `worker-[001:300]`, `10.0.0.[11:13]`. What is returned expands to the same names in the same order.
 */
export function foldNames(names: readonly string[]): string[] {
  const folded: string[] = [];
  for (let at = 0; at < names.length;) {
    const run = longestRun(names, at);
    if (run.length >= FEWEST) folded.push(`${run.before}[${run.first}:${run.last}]${run.after}`);
    else folded.push(...names.slice(at, at + run.length));
    at += run.length;
  }
  return folded;
}

/** The same as one text. */
export function namesText(names: readonly string[]): string {
  return foldNames(names).join(', ');
}

interface Run {
  readonly length: number;
  readonly before: string;
  readonly after: string;
  readonly first: string;
  readonly last: string;
}

function longestRun(names: readonly string[], from: number): Run {
  const name = names[from] ?? '';
  const runs = [...name.matchAll(/\d+/g)].map(({ 0: digits, index }): Run => {
    const before = name.slice(0, index);
    const after = name.slice(index + digits.length);
    let last = digits;
    let length = 1;
    while (names[from + length] === `${before}${following(last, digits)}${after}`) {
      last = following(last, digits);
      length += 1;
    }
    return { length, before, after, first: digits, last };
  });
  // The rightmost number counts where two do.
  const alone = { length: 1, before: name, after: '', first: '', last: '' };
  return runs.reduceRight<Run>((best, run) => (run.length > best.length ? run : best), alone);
}

/** The next number, written as a range that begins with `first` writes it; of more than 15 digits none is counted. */
function following(digits: string, first: string): string {
  if (digits.length > 15) return '';
  const isPadded = first.length > 1 && first.startsWith('0');
  const next = String(Number(digits) + 1);
  if (isPadded) return next.length > first.length ? '' : next.padStart(first.length, '0');
  return next;
}
