import { isAlias, isMap, isNode, isPair, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { messageOf } from '../failure.ts';
import { TimeLimit, within } from './bounded.ts';
import { offsetInScalar } from './scalar.ts';
import { problem, type Source } from './source.ts';
import { unreadable } from '../yaml-limits.ts';
import { keyText, QUOTE_TEMPLATE, structureProblems } from './yaml-structure.ts';

export type Path = readonly (string | number)[];

/** A YAML text as plain data that remembers the place of each part. */
export interface YamlDocument {
  readonly source: Source;
  readonly value: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** The value has the shape that its author meant, so that further checks make sense. */
  readonly sound: boolean;
  /** The value at a path; its key where the value is empty; the nearest parent where there is none. */
  at(path: Path): Span;
  /** The key at the end of a path. */
  keyAt(path: Path): Span;
  /** A part of the string at a path, by offsets in the string's value. */
  inside(path: Path, start: number, end: number): Span;
  /** The text of the scalar at a path as it was written (`1.30`, which reads as the number 1.3). */
  written(path: Path): string | undefined;
}

/** The document with its paths looked up elsewhere: each in the document and at the path that `place` gives for it. */
export function relocated(document: YamlDocument, place: (path: Path) => readonly [YamlDocument, Path]): YamlDocument {
  return {
    ...document,
    at: (path) => {
      const [of, own] = place(path);
      return of.at(own);
    },
    keyAt: (path) => {
      const [of, own] = place(path);
      return of.keyAt(own);
    },
    inside: (path, start, end) => {
      const [of, own] = place(path);
      return of.inside(own, start, end);
    },
    written: (path) => {
      const [of, own] = place(path);
      return of.written(own);
    },
  };
}

const REPAIRABLE = new Set(['TAG_RESOLVE_FAILED', 'MULTIPLE_DOCS']);
const REPAIRABLE_STRUCTURE = new Set(['duplicate-key']);

/** For what no other limit ends; a document of the largest size takes about a second. */
const SECONDS = 30;

/** Reads one YAML 1.2 document, with `<<` merges. Never throws: what is wrong is in `diagnostics`. */
export function readYaml(source: Source): YamlDocument {
  const refuse = (summary: string, offset = 0, detail?: string): YamlDocument => ({
    ...placesOf(source, undefined),
    value: undefined,
    sound: false,
    diagnostics: [problem('yaml', summary, source.span(offset), detail)],
  });
  try {
    return within(SECONDS, () => {
      const limit = unreadable(source.text);
      return limit ? refuse(limit.summary, limit.offset, limit.detail) : read(source);
    });
  } catch (error) {
    if (error instanceof TimeLimit) return refuse(`not readable as YAML: ${error.message}`, 0, 'split the document');
    if (error instanceof RangeError) return refuse('nested too deeply to be read');
    return refuse(`not readable as YAML: ${messageOf(error)}`);
  }
}

function read(source: Source): YamlDocument {
  // Repeated keys and aliases are counted by `structureProblems`: the parser compares each key with all others.
  const options = { prettyErrors: false, merge: true, uniqueKeys: false, logLevel: 'error' } as const;
  const document = parseDocument(source.text, options);
  const syntax = [...document.errors, ...document.warnings];
  const tab = tabProblem(source, syntax);
  if (tab) return { ...placesOf(source, document), value: undefined, sound: false, diagnostics: [tab] };
  const structure = structureProblems(source, document);
  const whole = structure.every(({ code }) => REPAIRABLE_STRUCTURE.has(code));
  const sound = whole && syntax.every((error) => REPAIRABLE.has(error.code));
  const value: unknown = whole ? document.toJS({ maxAliasCount: -1 }) : undefined;
  const diagnostics = [...onePerLine(syntax.map((error) => syntaxProblem(source, document, error))), ...structure];
  return { ...placesOf(source, document), value, sound, diagnostics };
}

/** What follows a tab is a guess of the parser: it is the one problem that is reported. */
function tabProblem(source: Source, errors: readonly YAMLError[]): Diagnostic | undefined {
  const tabs = errors.flatMap(({ code, pos }) => {
    const span = source.span(pos[0], pos[1]);
    const indent = /^[ -]*\t\s*/.exec(span.text ?? '');
    if (indent) return [{ line: span.line, start: pos[0] - span.column + 1 + indent[0].indexOf('\t') }];
    return code === 'TAB_AS_INDENT' ? [{ line: span.line, start: pos[0] }] : [];
  });
  const [first] = tabs.toSorted((a, b) => a.start - b.start);
  if (!first) return undefined;
  const lines = [...new Set(tabs.map(({ line }) => line))];
  const others = lines.length > 1 ? `; there are tabs in ${lines.length} lines: ${listOf(lines)}` : '';
  return problem(
    'yaml',
    'a tab is used as indentation',
    source.span(first.start, first.start + 1),
    `YAML is indented by spaces${others}`,
  );
}

function listOf(lines: readonly number[]): string {
  return lines.length > 8 ? `${lines.slice(0, 8).join(', ')} ...` : lines.join(', ');
}

/** The start of the quote that is still open at the end of the text. */
function openQuote(document: Document, end: number): number | undefined {
  let start: number | undefined;
  visit(document, {
    Scalar(_, scalar) {
      const quoted = scalar.type === 'QUOTE_DOUBLE' || scalar.type === 'QUOTE_SINGLE';
      if (quoted && scalar.range && scalar.range[0] < end && scalar.range[1] >= end) start = scalar.range[0];
    },
  });
  return start;
}

function syntaxProblem(source: Source, document: Document, error: YAMLError): Diagnostic {
  const span = source.span(error.pos[0], error.pos[1]);
  const line = span.text ?? '';
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return problem('yaml', 'more than one YAML document in the file', span, 'put each document into its own file');
    case 'TAG_RESOLVE_FAILED':
      return problem('yaml', `unknown tag: ${error.message.replace(/^Unresolved tag: /, '')}`, span, QUOTE_EXCLUSION);
    case 'BLOCK_AS_IMPLICIT_KEY':
      return problem('yaml', 'a `: ` inside a plain value', span, 'put the whole value in quotes');
    default: {
      if (error.message.startsWith('Missing closing')) {
        const start = openQuote(document, error.pos[0]) ?? error.pos[0];
        return problem('yaml', 'a quote is never closed', source.span(start, start + 1));
      }
      if (/^Flow (?:map|sequence)/.test(error.message)) {
        const bracket = error.message.startsWith('Flow map') ? '{' : '[';
        return problem('yaml', `a \`${bracket}\` is never closed, or what follows it is not indented`, span);
      }
      const risky = line.includes('${{') || /[[{,].*[\w-]\[/.test(line);
      return problem('yaml', error.message, span, risky ? QUOTE_TEMPLATE : undefined);
    }
  }
}

const QUOTE_EXCLUSION = "YAML reads a leading ! as a tag; if an exclusion was meant, put it in quotes: '!worker-1'";

/** One broken line makes the parser report several errors: the first is enough. */
function onePerLine(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<number>();
  return diagnostics.filter((one) => {
    const line = one.span?.line ?? 0;
    return seen.has(line) ? false : seen.add(line);
  });
}

function spanOf(source: Source, node: Node): Span {
  return source.span(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
}

type Places = Pick<YamlDocument, 'source' | 'at' | 'keyAt' | 'inside' | 'written'>;

function placesOf(source: Source, document: Document | undefined): Places {
  const walk = (path: Path) => walkTo(document, path);
  const at = (path: Path): Span => {
    const { node, key, complete } = walk(path);
    if (node?.range && (node.range[1] > node.range[0] || !key)) {
      // A missing part is reported at the first key of what lacks it, not over the whole block.
      const end = complete && isScalar(node) ? node.range[1] : node.range[0];
      return source.span(node.range[0], end);
    }
    return key ? spanOf(source, key) : source.span(0);
  };
  return {
    source,
    at,
    keyAt(path) {
      const { key, complete } = walk(path);
      return key && complete ? spanOf(source, key) : at(path);
    },
    inside(path, start, end) {
      const { node } = walk(path);
      if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return at(path);
      const from = offsetInScalar(source.text, node, start);
      return source.span(from, end > start ? offsetInScalar(source.text, node, end - 1) + 1 : from);
    },
    written(path) {
      const { node, complete } = walk(path);
      return complete && isScalar(node) ? node.source : undefined;
    },
  };
}

interface Found {
  readonly node?: Node;
  /** The node's key in its map. */
  readonly key?: Node;
  readonly complete: boolean;
}

function walkTo(document: Document | undefined, path: Path): Found {
  let node = resolved(document, document?.contents);
  let key: Node | undefined;
  for (const part of path) {
    const pair = isMap(node) ? findPair(document, node, String(part)) : undefined;
    const next = pair ? pair.value : isSeq(node) && typeof part === 'number' ? node.items[part] : undefined;
    if (!pair && next === undefined) return found(node, key, false);
    key = pair && isNode(pair.key) ? pair.key : undefined;
    node = resolved(document, next);
  }
  return found(node, key, true);
}

function found(node: Node | undefined, key: Node | undefined, complete: boolean): Found {
  return { ...(node ? { node } : {}), ...(key ? { key } : {}), complete };
}

function resolved(document: Document | undefined, node: unknown): Node | undefined {
  if (document && isAlias(node)) return node.resolve(document);
  return isNode(node) ? node : undefined;
}

function findPair(document: Document | undefined, map: Node, name: string): Pair | undefined {
  if (!isMap(map)) return undefined;
  const pairs = map.items.filter((item) => isPair(item));
  const own = pairs.findLast((pair) => isScalar(pair.key) && keyText(pair.key) === name);
  if (own) return own;
  for (const merge of pairs.filter((pair) => isScalar(pair.key) && pair.key.source === '<<')) {
    const value = resolved(document, merge.value);
    for (const item of isSeq(value) ? value.items : [value]) {
      const base = resolved(document, item);
      const inherited = base && base !== map ? findPair(document, base, name) : undefined;
      if (inherited) return inherited;
    }
  }
  return undefined;
}
