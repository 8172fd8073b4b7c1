import { CST, Lexer } from 'yaml';

/** Levels of nesting that a document may have. */
export const DEEPEST = 100;

/** Values that a document may have, each alias counted as what it stands for. */
export const MOST_VALUES = 200_000;

const VALUES = new Set(['single-quoted-scalar', 'double-quoted-scalar', 'alias', 'flow-map-start', 'flow-seq-start']);

/** Brackets that close nothing, after which reading on has no use. */
const MOST_STRAY = 10;

export interface Unreadable {
  readonly offset: number;
  readonly summary: string;
  readonly detail: string;
}

/**
 * What the parser must not see: its time grows with the square of the nesting, and its stack ends the program. Goes
 * over the tokens once.
 */
export function unreadable(text: string): Unreadable | undefined {
  /** Where the blocks that are open begin, in columns. */
  const blocks: number[] = [];
  let flow = 0;
  let stray = 0;
  let values = 0;
  let offset = 0;
  let lineStart = 0;
  let first = true;
  let colons = 0;
  let inScalar = false;
  for (const token of new Lexer().lex(text)) {
    const type: string = inScalar ? 'text' : (CST.tokenType(token) ?? 'text');
    inScalar = type === 'scalar';
    if (type === 'flow-error-end') flow = 0;
    if (type === 'scalar' && ++values > MOST_VALUES) return { offset, ...TOO_MANY };
    // These three are marks of the lexer's, not parts of the text.
    if (type === 'scalar' || type === 'flow-error-end' || type === 'doc-mode') continue;
    const content = type !== 'newline' && type !== 'space' && type !== 'comment' && type !== 'byte-order-mark';
    if (type === 'map-value-ind') colons++;
    // A second colon in a line is an error, but the parser nests what follows all the same.
    const nests =
      first || type === 'seq-item-ind' || type === 'explicit-key-ind' || (type === 'map-value-ind' && colons > 1);
    if (content && flow === 0 && nests) {
      const column = offset - lineStart;
      while ((blocks.at(-1) ?? -1) >= column) blocks.pop();
      blocks.push(column);
    }
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow++;
    else if (type === 'flow-map-end' || type === 'flow-seq-end') {
      if (flow > 0) flow--;
      else if (++stray > MOST_STRAY) {
        return { offset, summary: `this \`${token}\` and others before it close nothing`, detail: 'remove them' };
      }
    }
    if (VALUES.has(type) && ++values > MOST_VALUES) return { offset, ...TOO_MANY };
    if (blocks.length + flow > DEEPEST) return { offset, ...TOO_DEEP };
    offset += token.length;
    if (type === 'newline') {
      first = true;
      colons = 0;
      lineStart = offset;
    } else if (content) first = false;
  }
  return undefined;
}

export const TOO_DEEP = {
  summary: `nested too deeply: a document may have ${DEEPEST} levels`,
  detail: 'look for brackets that are never closed, or make lists and maps flatter',
};

export const TOO_MANY = {
  summary: `more than ${MOST_VALUES.toLocaleString('en')} values, each alias counted as what it stands for`,
  detail: 'split the document, or use fewer aliases of large parts',
};
