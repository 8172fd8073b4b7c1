import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Scalar, YAMLMap } from 'yaml';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { problem, type Source } from './source.ts';
import { DEEPEST, MOST_VALUES, TOO_DEEP, TOO_MANY } from '../yaml-limits.ts';

interface Size {
  readonly values: number;
  readonly depth: number;
}
const ONE: Size = { values: 1, depth: 1 };

export const QUOTE_TEMPLATE = 'inside { } and [ ], put ${{ }} and patterns with [ ] in quotes';

/** What is wrong with a document that the parser accepts. In document order, in one pass. */
export function structureProblems(source: Source, document: Document): Diagnostic[] {
  const found: Diagnostic[] = [];
  const open: string[] = [];
  const anchors = new Map<string, Size>();
  const at = (node: Node): Span => source.span(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
  let large = false;

  const sizeOf = (node: unknown): Size => {
    if (isAlias(node)) {
      const size = anchors.get(node.source);
      if (open.includes(node.source))
        found.push(problem('yaml', `alias \`*${node.source}\` contains itself`, at(node)));
      else if (size) return size;
      else {
        const detail = 'if a pattern was meant, put it in quotes';
        found.push(problem('yaml', `there is no anchor \`&${node.source}\` before this alias`, at(node), detail));
      }
      return ONE;
    }
    if (isScalar(node)) {
      if (typeof node.value === 'string' && node.value.includes('\0')) found.push(nul(at(node)));
      if (node.anchor !== undefined) anchors.set(node.anchor, ONE);
      return ONE;
    }
    if (!isMap(node) && !isSeq(node)) return ONE;
    if (node.anchor !== undefined) open.push(node.anchor);
    if (isMap(node)) checkKeys(node);
    const parts = isMap(node) ? node.items.flatMap(({ key, value }) => [key, value]) : node.items;
    const size = parts.map(sizeOf).reduce(joined, ONE);
    if (node.anchor !== undefined) anchors.set(open.pop() ?? '', size);
    if (!large && (size.depth > DEEPEST * 2 || size.values > MOST_VALUES)) {
      large = true;
      const { summary, detail } = size.values > MOST_VALUES ? TOO_MANY : TOO_DEEP;
      found.push(problem('yaml', summary, source.span(node.range?.[0] ?? 0), detail));
    }
    return size;
  };

  const checkKeys = (map: YAMLMap): void => {
    const names = new Set<unknown>();
    for (const { key } of map.items) {
      if (isMap(key) || isSeq(key)) found.push(problem('yaml', 'a key must be a plain word', at(key), QUOTE_TEMPLATE));
      if (!isScalar(key)) continue;
      if (names.has(key.value)) found.push(problem('duplicate-key', 'this key is given twice', at(key), KEEP_ONE));
      names.add(key.value);
      const name = keyText(key);
      if (!(name in Object.prototype)) continue;
      const summary = `a key cannot be called \`${name}\`: every JavaScript object has something of this name`;
      found.push(problem('reserved', summary, at(key), 'choose another name'));
    }
  };

  sizeOf(document.contents);
  return found;
}

function joined(whole: Size, part: Size): Size {
  return { values: whole.values + part.values, depth: Math.max(whole.depth, part.depth + 1) };
}

const KEEP_ONE = 'keep one of the two';

function nul(span: Span): Diagnostic {
  const summary = 'a NUL character inside a value: no command, file name or variable can hold it';
  return problem('yaml', summary, span, 'remove it; a program on the node can write it, e.g. printf "\\\\0"');
}

/** As `toJS` names it: `1:` is the key `1`, `~:` the empty one. */
export function keyText({ value }: Scalar): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}
