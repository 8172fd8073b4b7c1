import type { Inventory, InventoryNode } from './model.ts';
import { suggest } from './nearest.ts';

/** What is wrong with a node pattern. */
export interface PatternProblem {
  /** Which entry of the patterns, and where in it. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly detail?: string;
}
export interface Selection {
  /** In the order of the inventory. */
  readonly nodes: readonly InventoryNode[];
  readonly problems: readonly PatternProblem[];
}

type Selectable = Pick<Inventory, 'nodes' | 'groups'>;

/** Words that select nodes by role, or all: not allowed as names of nodes or groups. */
export const ROLE_WORDS: Readonly<Record<string, InventoryNode['role'] | 'all'>> = {
  all: 'all',
  'control-plane': 'control-plane',
  'control-planes': 'control-plane',
  worker: 'worker',
  workers: 'worker',
  other: 'other',
};

/**
 * The nodes that patterns name: `all`, a role (`workers`), a group, a node's name or a glob (`worker-*`), each with an
 * index or slice (`[0]`, `[-1]`, `[1:]`), `!` for those to leave out; several by commas, spaces or list entries.
 * A role may have no nodes and a slice may be empty (a cluster with one control plane has no other ones);
 * any other pattern without a node is a problem.
 */
export function selectNodes(patterns: string | readonly string[], inventory: Selectable): Selection {
  const { terms, problems } = parsePatterns(patterns);
  const chosen = new Set<InventoryNode>();
  const left = new Set<InventoryNode>();
  let mayBeEmpty = false;
  for (const term of terms) {
    const named = nodesOf(term, inventory);
    if (!named.ok) {
      problems.push({ index: term.index, start: term.start, end: term.end, ...named.problem });
      continue;
    }
    mayBeEmpty ||= named.mayBeEmpty;
    for (const node of named.nodes) (term.exclude ? left : chosen).add(node);
  }
  const onlyExclusions = terms.length > 0 && terms.every((term) => term.exclude);
  const nodes = inventory.nodes.filter((node) => (onlyExclusions || chosen.has(node)) && !left.has(node));
  if (nodes.length === 0 && problems.length === 0 && !mayBeEmpty) {
    problems.push({
      index: 0,
      start: 0,
      end: entryOf(patterns, 0).length,
      message: 'no node is left by these patterns',
    });
  }
  return { nodes, problems };
}

/** Problems of the patterns' form alone, where no inventory is known. */
export function checkPatterns(patterns: string | readonly string[]): readonly PatternProblem[] {
  return parsePatterns(patterns).problems;
}

interface Term {
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly exclude: boolean;
  readonly word: string;
  readonly slice?: Slice;
}
type Slice = { readonly at: number } | { readonly from: number; readonly to: number | undefined };

const TERM = /^(?<not>!?)(?<word>[A-Za-z0-9*?][A-Za-z0-9._*?-]*)(?:\[(?<slice>[^\]]*)\])?$/;
const SLICE = /^\s*(?<from>-?\d+)?\s*(?<colon>:)?\s*(?<to>-?\d+)?\s*$/;

function parsePatterns(patterns: string | readonly string[]): { terms: Term[]; problems: PatternProblem[] } {
  const terms: Term[] = [];
  const problems: PatternProblem[] = [];
  const entries = typeof patterns === 'string' ? [patterns] : patterns;
  entries.forEach((entry, index) => {
    const words = [...entry.matchAll(/(?:[^\s,[]|\[[^\]]*\]?)+/g)];
    if (words.length === 0) problems.push({ index, start: 0, end: entry.length, message: 'the node pattern is empty' });
    for (const match of words) {
      const place = { index, start: match.index, end: match.index + match[0].length };
      const term = parseTerm(match[0]);
      if (typeof term === 'string') problems.push({ ...place, message: term });
      else terms.push({ ...place, ...term });
    }
  });
  return { terms, problems };
}

function parseTerm(text: string): Pick<Term, 'exclude' | 'word' | 'slice'> | string {
  if (text.includes('${{')) return '${{ }} is not known in node patterns';
  const { not, word, slice } = TERM.exec(text)?.groups ?? {};
  if (word === undefined) return `\`${text}\` is not a node pattern`;
  if (slice === undefined) return { exclude: not === '!', word };
  const { from, colon, to } = SLICE.exec(slice)?.groups ?? {};
  if (from === undefined && colon === undefined)
    return `\`[${slice}]\` is neither an index ([0], [-1]) nor a slice ([1:], [:2])`;
  if (colon === undefined) return { exclude: not === '!', word, slice: { at: Number(from) } };
  return {
    exclude: not === '!',
    word,
    slice: { from: Number(from ?? 0), to: to === undefined ? undefined : Number(to) },
  };
}

type Named =
  | { readonly ok: true; readonly nodes: readonly InventoryNode[]; readonly mayBeEmpty: boolean }
  | { readonly ok: false; readonly problem: { readonly message: string; readonly detail?: string } };

function nodesOf(term: Term, inventory: Selectable): Named {
  const named = nodesByWord(term.word, inventory);
  if (!named.ok || !term.slice) return named;
  if (!('at' in term.slice)) {
    return { ok: true, nodes: named.nodes.slice(term.slice.from, term.slice.to), mayBeEmpty: true };
  }
  const node = named.nodes.at(term.slice.at);
  if (node) return { ok: true, nodes: [node], mayBeEmpty: false };
  const message = `there is no \`${term.word}[${term.slice.at}]\`: \`${term.word}\` has ${amount(named.nodes.length)}`;
  return { ok: false, problem: { message } };
}

function amount(count: number): string {
  if (count === 0) return 'no nodes';
  return count === 1 ? 'one node' : `${count} nodes`;
}

function nodesByWord(word: string, inventory: Selectable): Named {
  const role = Object.hasOwn(ROLE_WORDS, word) ? ROLE_WORDS[word] : undefined;
  if (role) {
    const nodes = inventory.nodes.filter((node) => role === 'all' || node.role === role);
    return { ok: true, nodes, mayBeEmpty: true };
  }
  const group = Object.hasOwn(inventory.groups, word) ? inventory.groups[word] : undefined;
  if (group) {
    return {
      ok: true,
      nodes: inventory.nodes.filter((node) => group.includes(node.name)),
      mayBeEmpty: group.length === 0,
    };
  }
  const matches = globMatcher(word);
  const nodes = inventory.nodes.filter((node) => matches(node.name));
  if (nodes.length > 0) return { ok: true, nodes, mayBeEmpty: false };
  if (/[*?]/.test(word)) return { ok: false, problem: { message: `no node's name matches \`${word}\`` } };
  return { ok: false, problem: unknownWord(word, inventory) };
}

function unknownWord(word: string, inventory: Selectable) {
  const known = [
    ...Object.keys(ROLE_WORDS),
    ...Object.keys(inventory.groups),
    ...inventory.nodes.map((node) => node.name),
  ];
  const detail = suggest(word, known, 'the inventory knows');
  return { message: `\`${word}\` is neither a node, a group nor a role`, ...(detail ? { detail } : {}) };
}

function globMatcher(glob: string): (name: string) => boolean {
  const parts = glob.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replaceAll(/[.\\+^$()|{}[\]]/g, String.raw`\$&`);
  });
  const pattern = new RegExp(`^${parts.join('').replaceAll(/(?:\.\*)+/g, '.*')}$`);
  return (name) => pattern.test(name);
}

function entryOf(patterns: string | readonly string[], index: number): string {
  return (typeof patterns === 'string' ? patterns : patterns[index]) ?? '';
}
