/** Evaluates a kubectl JSONPath template: fields, indexes, wildcards, `range`, filters by equality and by existence. */
export function jsonpath(template: string, value: unknown): string {
  return render(parseTemplate(template), value, value);
}

/** Every value at a path such as `.metadata.name` or `.items[*].spec`. */
export function valuesAt(path: string, value: unknown): unknown[] {
  return evaluate(path, value, value);
}

type Piece =
  { readonly text: string } | { readonly path: string } | { readonly range: string; readonly body: readonly Piece[] };

function parseTemplate(template: string): Piece[] {
  const root: Piece[] = [];
  const stack: { pieces: Piece[] }[] = [{ pieces: root }];
  for (const [token] of template.matchAll(/\{(?:[^{}"']|"(?:[^"\\]|\\.)*"|'[^']*')*\}|[^{]+/g)) {
    const top = stack.at(-1)?.pieces ?? root;
    const inner = token.startsWith('{') ? token.slice(1, -1).trim() : undefined;
    if (inner === undefined) top.push({ text: token });
    else if (inner === 'end') stack.pop();
    else if (inner.startsWith('range ')) {
      const body: Piece[] = [];
      top.push({ range: inner.slice(6).trim(), body });
      stack.push({ pieces: body });
    } else if (/^["']/.test(inner)) top.push({ text: unescapeText(inner.slice(1, -1)) });
    else top.push({ path: inner });
  }
  return root;
}

function unescapeText(text: string): string {
  return text.replace(/\\([nt\\"'])/g, (_, char: string) => ({ n: '\n', t: '\t' })[char] ?? char);
}

function render(pieces: readonly Piece[], root: unknown, current: unknown): string {
  return pieces
    .map((piece) => {
      if ('text' in piece) return piece.text;
      if ('path' in piece) return evaluate(piece.path, root, current).map(show).join(' ');
      return evaluate(piece.range, root, current)
        .map((item) => render(piece.body, root, item))
        .join('');
    })
    .join('');
}

/** A value as kubectl prints it; empty for none. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function evaluate(path: string, root: unknown, current: unknown): unknown[] {
  let values: unknown[] = [path.startsWith('$') ? root : current];
  for (const step of stepsOf(path)) values = values.flatMap((value) => step.apply(value, root));
  return values;
}

/** By path: the same ones are asked for of each of thousands of objects. */
const known = new Map<string, readonly Step[]>();
const MOST = 1000;

function stepsOf(path: string): readonly Step[] {
  const before = known.get(path);
  if (before) return before;
  const steps: Step[] = [];
  let rest = path.replace(/^[$@]/, '');
  while (rest) {
    const step = nextStep(rest);
    if (!step) break;
    rest = rest.slice(step.length);
    steps.push(step);
  }
  if (known.size >= MOST) known.clear();
  known.set(path, steps);
  return steps;
}

interface Step {
  readonly length: number;
  apply(value: unknown, root: unknown): unknown[];
}

function nextStep(rest: string): Step | undefined {
  const field = /^\.?((?:[^.[\]\\]|\\.)+)/.exec(rest);
  const filter = /^\[\?\(@([^=!<>]+?)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^)]*))\)\]/.exec(rest);
  const exists = /^\[\?\(@([^=!<>()]+)\)\]/.exec(rest);
  const index = /^\[(-?\d+|\*)\]/.exec(rest);
  const quoted = /^\[['"]([^'"]+)['"]\]/.exec(rest);
  if (filter) {
    const [whole, path = '', operator, a, b, c] = filter;
    const wanted = a ?? b ?? c?.trim() ?? '';
    return {
      length: whole.length,
      apply: (value, root) =>
        itemsOf(value).filter(
          (item) => (show(evaluate(path.trim(), root, item)[0]) === wanted) === (operator === '=='),
        ),
    };
  }
  if (exists) {
    const [whole, path = ''] = exists;
    return {
      length: whole.length,
      apply: (value, root) => itemsOf(value).filter((item) => evaluate(path.trim(), root, item).length > 0),
    };
  }
  if (index) {
    const [whole, at = '*'] = index;
    return {
      length: whole.length,
      apply: (value) => (at === '*' ? itemsOf(value) : itemsOf(value).slice(...sliceOf(Number(at)))),
    };
  }
  const name = quoted?.[1] ?? field?.[1]?.replace(/\\(.)/g, '$1');
  if (name === undefined) return rest.startsWith('.') ? { length: 1, apply: (value) => [value] } : undefined;
  const length = (quoted ?? field)?.[0].length ?? 1;
  return { length, apply: (value) => (name === '*' ? itemsOf(value) : fieldOf(value, name)) };
}

function sliceOf(index: number): [number, number | undefined] {
  return [index, index === -1 ? undefined : index + 1];
}

function itemsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && value !== null ? Object.values(value) : [];
}

function fieldOf(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return [(value as Record<string, unknown>)[name]];
}
