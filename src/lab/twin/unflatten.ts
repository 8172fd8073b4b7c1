export type Tree = { [key: string]: unknown };

/**
 * The object whose leaves have these paths, parts joined by dots. Which dots were part of a key is not known: what
 * would be a value and a folder at once becomes a key with a dot. Keys 0, 1 ... make a list.
 */
export function unflatten(leaves: Iterable<readonly [string, unknown]>): Tree {
  const root = emptyTree();
  for (const [path, value] of leaves) put(root, path.split('.'), value);
  return listed(root) as Tree;
}

function put(at: Tree, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    at[first] = value;
    return;
  }
  const below = (at[first] ??= emptyTree());
  if (isTree(below)) put(below, rest, value);
  else at[[first, ...rest].join('.')] = value;
}

/** Without a prototype, which `__proto__` would be. */
function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

function listed(value: unknown): unknown {
  if (!isTree(value)) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, listed(one)] as const);
  const isList = entries.length > 0 && entries.every(([key], index) => key === String(index));
  return isList ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
