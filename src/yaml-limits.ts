import { CST, Lexer } from 'yaml';

/** Levels of nesting that a document may have. */
export const DEEPEST = 100;

/** Values that a document may have, each alias counted as what it stands for. */
export const MOST_VALUES = 200_000;

const VALUES = new Set([
  'scalar',
  'single-quoted-scalar',
  'double-quoted-scalar',
  'alias',
  'flow-map-start',
  'flow-seq-start',
]);

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
  /** The brackets that are open. */
  let flow: string[] = [];
  let stray = 0;
  let values = 0;
  let lineStart = 0;
  let lineEnded = false;
  let first = true;
  let colons = 0;
  for (const { type, token, offset } of tokensOf(text)) {
    if (lineEnded) {
      first = true;
      colons = 0;
      lineStart = offset;
    }
    // A block of text has its last newline in itself.
    lineEnded = token.endsWith('\n');
    if (type === 'flow-error-end') flow = [];
    if (BETWEEN.has(type)) continue;
    if (type === 'map-value-ind') colons++;
    // A second colon in a line is an error, but the parser nests what follows all the same.
    const nests =
      (first && type !== 'block-text') || type === 'seq-item-ind' || type === 'explicit-key-ind' || colons > 1;
    if (nests && flow.length === 0) {
      const column = offset - lineStart;
      while ((blocks.at(-1) ?? -1) >= column) blocks.pop();
      blocks.push(column);
    }
    first = false;
    const opener = OPENERS.get(token);
    if (type === 'flow-map-start' || type === 'flow-seq-start') flow.push(token);
    else if (opener !== undefined && type !== 'scalar' && flow.pop() !== opener && ++stray > MOST_STRAY) {
      return { offset, summary: `this \`${token}\` and others before it close nothing`, detail: 'remove them' };
    }
    if (VALUES.has(type) && ++values > MOST_VALUES) return { offset, ...TOO_MANY };
    if (blocks.length + flow.length > DEEPEST) return { offset, ...TOO_DEEP };
  }
  return undefined;
}

const OPENERS: ReadonlyMap<string, string> = new Map([
  ['}', '{'],
  [']', '['],
]);

/** What is no part of a value. */
const BETWEEN = new Set(['newline', 'space', 'comment', 'byte-order-mark', 'doc-mode', 'flow-error-end']);

interface Token {
  readonly type: string;
  readonly token: string;
  readonly offset: number;
}

/** The lexer's tokens. Its mark before a text without quotes is made the type of that text. */
function* tokensOf(text: string): Generator<Token> {
  let offset = 0;
  let next: string | undefined;
  let plain = 'scalar';
  for (const token of new Lexer().lex(text)) {
    const type: string = next ?? CST.tokenType(token) ?? 'error';
    const mark: boolean = next === undefined && MARKS.has(type);
    if (type === 'block-scalar-header') plain = 'block-text';
    next = mark && type === 'scalar' ? plain : undefined;
    if (next !== undefined) plain = 'scalar';
    else yield { type, token, offset };
    if (!mark) offset += token.length;
  }
}

/** What the lexer puts between the parts of the text. */
const MARKS = new Set(['scalar', 'doc-mode', 'flow-error-end']);

export const TOO_DEEP = {
  summary: `nested too deeply: a document may have ${DEEPEST} levels`,
  detail: 'look for brackets that are never closed, or make lists and maps flatter',
};

export const TOO_MANY = {
  summary: 'more than 200,000 values, each alias counted as what it stands for',
  detail: 'split the document, or use fewer aliases of large parts',
};
