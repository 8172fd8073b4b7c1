import { namesText } from './fold-names.ts';
import { groupBy } from './group.ts';

/** A line of several nodes' texts: of all of them, or of some. `values` has what stands for its placeholders. */
export interface Folded {
  readonly kind: string;
  readonly text: string;
  readonly nodes: readonly string[];
  readonly values: readonly Value[];
}

/** What a placeholder stands for on each node. */
interface Value {
  readonly mark: string;
  readonly of: ReadonlyMap<string, readonly string[]>;
}

export interface Piece {
  readonly kind: string;
  readonly text: string;
}

/** From this number of different texts on, those that differ in few words are one line with placeholders. */
const MANY = 3;

/**
 * The lines of several nodes as one list, from which each node's own can be read back: in order, all lines that name
 * the node, with its values in place of the marks.
 * @param nextMark makes a new placeholder, which must be in no text
 */
export function foldLines(own: ReadonlyMap<string, readonly Piece[]>, nextMark: () => string): Folded[] {
  const variants = groupBy(own, ([, pieces]) => JSON.stringify(pieces)).values();
  const groups = [...variants].map((group) => ({ pieces: group[0]?.[1] ?? [], nodes: group.map(([node]) => node) }));
  const templates = groups.length < MANY ? new Map<string, Folded>() : templatesOf(groups, own.size, nextMark);
  const filled = groups.map(({ pieces, nodes }) => ({
    nodes,
    lines: pieces.map((piece) => templates.get(keyOf(piece)) ?? { ...piece, nodes: [], values: [] }),
  }));
  const merged = [...groupBy(filled, ({ lines }) => JSON.stringify(lines.map(keyOf))).values()]
    .map((same) => ({ lines: same[0]?.lines ?? [], nodes: same.flatMap(({ nodes }) => nodes) }))
    .sort((one, other) => other.nodes.length - one.nodes.length)
    .reduce<Folded[]>(
      (lines, next) =>
        merge(
          lines,
          next.lines.map((line) => ({ ...line, nodes: next.nodes })),
        ),
      [],
    );
  const order = new Map([...own.keys()].map((node, index) => [node, index]));
  const sorted = (nodes: readonly string[]): string[] =>
    [...nodes].sort((one, other) => (order.get(one) ?? 0) - (order.get(other) ?? 0));
  return merged.map((line) => ({ ...line, nodes: sorted(line.nodes) }));
}

/** What the placeholders of a line stand for: `<1>: 7 on worker-[1:5]; 8 on worker-6`. */
export function valueTexts({ values }: Pick<Folded, 'values'>): string[] {
  return values.map(({ mark, of }) => {
    const each = [...of].map(([value, nodes]) => {
      const isPlain = !value.includes(';') && !value.includes(' on ');
      return `${isPlain ? value : JSON.stringify(value)} on ${namesText(nodes)}`;
    });
    return `${mark}: ${each.join('; ')}`;
  });
}

/** Nodes with the same lines. */
interface Group {
  readonly pieces: readonly Piece[];
  readonly nodes: readonly string[];
}

function keyOf({ kind, text }: Piece): string {
  return `${kind} ${text}`;
}

/** The shortest list that has both in order (by their longest common part); lines of both are of the nodes of both. */
function merge(one: readonly Folded[], other: readonly Folded[]): Folded[] {
  const [a, b] = [one.map(keyOf), other.map(keyOf)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const merged: Folded[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [left, right] = [one[i], other[j]];
    if (left && right && a[i] === b[j]) {
      merged.push({ ...left, nodes: [...left.nodes, ...right.nodes] });
      [i, j] = [i + 1, j + 1];
    } else if (left && (!right || at(i + 1, j) >= at(i, j + 1))) {
      merged.push(left);
      i += 1;
    } else if (right) {
      merged.push(right);
      j += 1;
    } else return merged;
  }
}

/** Lines with placeholders, by the key of each line that they stand for. */
function templatesOf(groups: readonly Group[], nodes: number, nextMark: () => string): Map<string, Folded> {
  const templates = new Map<string, Folded>();
  for (const cluster of clustersOf(groups, nodes)) {
    if (cluster.texts.size < MANY) continue;
    const places = placesOf(cluster.differ, cluster.words);
    const values = places.map(({ from, to }): Value => {
      const of = new Map<string, string[]>();
      for (const [text, on] of cluster.texts) {
        const value = wordsOf(text).slice(from, to).join('');
        of.set(value, [...(of.get(value) ?? []), ...on]);
      }
      return { mark: nextMark(), of };
    });
    const words = [...cluster.words];
    for (const [index, { from, to }] of [...places.entries()].reverse())
      words.splice(from, to - from, values[index]?.mark ?? '');
    const line: Folded = { kind: cluster.kind, text: words.join(''), nodes: [], values };
    for (const text of cluster.texts.keys()) templates.set(keyOf({ kind: cluster.kind, text }), line);
  }
  return templates;
}

interface Cluster {
  readonly kind: string;
  readonly words: readonly string[];
  /** Indexes of the words in which its texts differ. */
  readonly differ: Set<number>;
  readonly texts: Map<string, readonly string[]>;
  readonly nodes: Set<string>;
}

/** At most so many places in which the texts of one line may differ. */
const MOST = 4;

/** Texts that only some nodes have, put together where they have the same number of words and most of them alike. */
function clustersOf(groups: readonly Group[], nodes: number): Cluster[] {
  const texts = new Map<string, { readonly piece: Piece; readonly nodes: string[]; twice: boolean }>();
  for (const group of groups) {
    const before = new Set<string>();
    for (const piece of group.pieces) {
      const key = keyOf(piece);
      const twice = before.has(key);
      before.add(key);
      const text = texts.get(key) ?? { piece, nodes: [], twice };
      texts.set(key, text);
      text.twice ||= twice;
      text.nodes.push(...group.nodes);
    }
  }
  const byShape = new Map<string, Cluster[]>();
  for (const { piece, nodes: of, twice } of texts.values()) {
    if (of.length === nodes || twice) continue;
    const words = wordsOf(piece.text);
    const shape = `${piece.kind} ${words.length}`;
    const known = byShape.get(shape) ?? [];
    if (known.some((cluster) => join(cluster, words, piece.text, of))) continue;
    const cluster = { kind: piece.kind, words, differ: new Set<number>(), texts: new Map([[piece.text, of]]) };
    byShape.set(shape, [...known, { ...cluster, nodes: new Set(of) }]);
  }
  return [...byShape.values()].flat();
}

function join(cluster: Cluster, words: readonly string[], text: string, nodes: readonly string[]): boolean {
  const differ = new Set(cluster.differ);
  for (const [index, word] of words.entries()) if (word !== cluster.words[index]) differ.add(index);
  const blanks = words.filter((word) => word.trim() === '').length;
  const alike = words.length - blanks - differ.size;
  if (alike < differ.size || placesOf(differ, cluster.words).length > MOST) return false;
  // A blank is no value, and a node with two of these lines would have two values.
  if ([...differ].some((index) => words[index]?.trim() === '' || cluster.words[index]?.trim() === '')) return false;
  if (nodes.some((node) => cluster.nodes.has(node))) return false;
  for (const index of differ) cluster.differ.add(index);
  cluster.texts.set(text, nodes);
  for (const node of nodes) cluster.nodes.add(node);
  return true;
}

/** Places that differ; those with nothing but a blank between them are one. */
function placesOf(
  differ: ReadonlySet<number>,
  words: readonly string[],
): { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const index of [...differ].sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last && words.slice(last.to, index).every((word) => word.trim() === '')) last.to = index + 1;
    else found.push({ from: index, to: index + 1 });
  }
  return found;
}

/** Words, blanks, and the punctuation at the end of words: joined, they are the text. */
function wordsOf(text: string): string[] {
  return text.match(/\s+|[;,:.()]+(?=\s|$)|(?:(?![;,:.()]+(?:\s|$))\S)+/g) ?? [];
}
