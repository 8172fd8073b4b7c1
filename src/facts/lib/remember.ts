/** Texts: of each of thousands of nodes one, or of one all that it printed. */
const MOST = 2000;
/** Longer ones are no two times the same. */
const LONGEST = 100_000;

/**
 * A pure parser that understands a text once: a run reads the same facts again before each of its steps, and most are
 * as they were. What it throws is not kept.
 */
export function remembering<T>(parse: (output: string) => T): (output: string) => T {
  const known = new Map<string, T>();
  return (output) => {
    const before = known.get(output);
    if (before !== undefined || output.length > LONGEST) return before ?? parse(output);
    const value = parse(output);
    if (known.size >= MOST) known.clear();
    known.set(output, value);
    return value;
  };
}
