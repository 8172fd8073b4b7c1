/**
 * Names that one range or one inventory may stand for: a cluster has at most 5,000 nodes (Kubernetes, Large
 * clusters).
 */
const MOST = 10_000;

/** What a range looks like in a name, as Ansible writes it: `[01:20]`, `[a:f]`, `[0:30:10]`; both ends belong to it. */
export const RANGE = /\[(?:\d+:\d+|[a-z]:[a-z]|[A-Z]:[A-Z])(?::\d+)?\]/;

export type Expanded =
  { readonly ok: true; readonly names: readonly string[] } | { readonly ok: false; readonly problem: string };

/**
 * The names that `worker-[01:20]` stands for, in order; a text without a range stands for itself. Of several ranges the
 * last one counts fastest. `problem` follows the text that it is about.
 */
export function expandRanges(text: string): Expanded {
  const range = RANGE.exec(text);
  if (!range) return { ok: true, names: [text] };
  const steps = stepsOf(range[0]);
  if (typeof steps === 'string') return { ok: false, problem: steps };
  const rest = expandRanges(text.slice(range.index + range[0].length));
  if (!rest.ok) return rest;
  if (steps.length * rest.names.length > MOST) return { ok: false, problem: TOO_MANY };
  const before = text.slice(0, range.index);
  return { ok: true, names: steps.flatMap((step) => rest.names.map((after) => `${before}${step}${after}`)) };
}

const TOO_MANY = `stands for more than ${MOST} names`;

/** The texts of one range, or what is wrong with it. */
function stepsOf(range: string): string[] | string {
  const [start = '', end = '', width = '1'] = range.slice(1, -1).split(':');
  const step = Number(width);
  if (step === 0) return `has a range that does not move: ${range}`;
  const isNumber = /^\d/.test(start);
  const isPadded = isNumber && start.length > 1 && start.startsWith('0');
  if (isPadded && start.length !== end.length) {
    return `has a range with leading zeros whose ends are not of the same length: ${range}`;
  }
  const [from, to] = isNumber ? [Number(start), Number(end)] : [codeOf(start), codeOf(end)];
  if (from > to) return `has a range that ends before it starts: ${range}`;
  const count = Math.floor((to - from) / step) + 1;
  if (count > MOST) return TOO_MANY;
  return Array.from({ length: count }, (_, index) => {
    const value = from + index * step;
    return isNumber ? String(value).padStart(isPadded ? start.length : 1, '0') : String.fromCodePoint(value);
  });
}

function codeOf(letter: string): number {
  return letter.codePointAt(0) ?? 0;
}
