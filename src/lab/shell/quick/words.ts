import type { IFileSystem, ScriptNode, WordNode } from 'just-bash';
import { arithmetic } from './arithmetic.ts';
import { hasPattern, pathsOf, patternOf, unescaped } from './glob.ts';

type Part = WordNode['parts'][number];
type Parameter = Extract<Part, { type: 'ParameterExpansion' }>;

/** What a word is expanded in. */
export interface Surroundings {
  readonly fs: IFileSystem;
  readonly cwd: string;
  readonly positional: readonly string[];
  readonly noGlob: boolean;
  readonly get: (name: string) => string | undefined;
  readonly set: (name: string, value: string) => void;
  /** As the script has it. */
  real(text: string): string;
  substitute(body: ScriptNode): Promise<string>;
  /** `set -u` */
  readonly strict: boolean;
}

/** The shell ends with a message. */
export class ShellError extends Error {
  readonly code: number;
  constructor(message: string, code = 2) {
    super(message);
    this.code = code;
  }
}

/** A piece of a word: quoted ones are neither split nor matched. `end`: a field ends here. */
interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  readonly end?: true;
}

const BREAK: Piece = { text: '', quoted: true, end: true };

/** The fields that a word becomes. */
export async function fieldsOf(around: Surroundings, word: WordNode): Promise<string[]> {
  const plain = literalOf(around, word);
  if (plain !== undefined) return [plain];
  const pieces = await piecesOf(around, word.parts, false);
  const fields = split(pieces, around.get('IFS') ?? ' \t\n');
  const results: string[] = [];
  for (const field of fields) {
    if (around.noGlob || !hasPattern(field.pattern)) results.push(field.text);
    else {
      const found = await pathsOf(around.fs, around.cwd, field.pattern);
      results.push(...(found.length > 0 ? found : [field.text]));
    }
  }
  return results;
}

/** A word that is one field whatever is in it: of an assignment, a redirection, `case`. */
export async function textOfWord(around: Surroundings, word: WordNode): Promise<string> {
  const plain = literalOf(around, word);
  if (plain !== undefined) return plain;
  const pieces = await piecesOf(around, word.parts, true);
  return pieces.map(({ text, end }) => (end ? ' ' : text)).join('');
}

/** Likewise as a pattern: what was quoted matches itself. */
export async function patternOfWord(around: Surroundings, word: WordNode): Promise<string> {
  const pieces = await piecesOf(around, word.parts, true);
  return pieces.map(({ text, quoted }) => (quoted ? escapePattern(text) : text)).join('');
}

function literalOf(around: Surroundings, { parts }: WordNode): string | undefined {
  const [only] = parts;
  if (parts.length !== 1 || !only) return undefined;
  return only.type === 'Literal' || only.type === 'SingleQuoted' ? around.real(only.value) : undefined;
}

function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&');
}

async function piecesOf(around: Surroundings, parts: readonly Part[], single: boolean): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const part of parts) pieces.push(...(await partOf(around, part, false, single)));
  return pieces;
}

async function partOf(around: Surroundings, part: Part, quoted: boolean, single: boolean): Promise<Piece[]> {
  switch (part.type) {
    case 'Literal':
      return [{ text: quoted ? around.real(part.value) : around.real(part.value), quoted: true }];
    case 'SingleQuoted':
    case 'Escaped':
      return [{ text: around.real(part.value), quoted: true }];
    case 'Glob':
      return [{ text: around.real(part.pattern), quoted }];
    case 'TildeExpansion':
      return [{ text: around.get('HOME') ?? '~', quoted: true }];
    case 'DoubleQuoted': {
      const inner: Piece[] = [{ text: '', quoted: true }];
      for (const one of part.parts) inner.push(...(await partOf(around, one, true, single)));
      const isList =
        part.parts.length === 1 && part.parts[0]?.type === 'ParameterExpansion' && part.parts[0].parameter === '@';
      return isList && inner.length === 1 ? [] : inner;
    }
    case 'CommandSubstitution':
      return [{ text: (await around.substitute(part.body)).replace(/\n+$/, ''), quoted }];
    case 'ArithmeticExpansion':
      return [{ text: String(arithmetic(part.expression.expression, around)), quoted }];
    case 'ParameterExpansion':
      return parameter(around, part, quoted, single);
    default:
      throw new ShellError(`${part.type} is not supported`);
  }
}

async function parameter(around: Surroundings, part: Parameter, quoted: boolean, single: boolean): Promise<Piece[]> {
  const { parameter: name, operation } = part;
  const value = around.get(name);
  if (operation === null) {
    if (name === '@' || name === '*') return list(around, name, quoted, single);
    if (value === undefined && around.strict && !/^[?$#!*@-]$/.test(name))
      throw new ShellError(`${name}: unbound variable`, 1);
    return value === undefined || (value === '' && !quoted) ? [] : [{ text: value, quoted }];
  }
  const isSet = 'checkEmpty' in operation && operation.checkEmpty ? (value ?? '') !== '' : value !== undefined;
  const present = name === '@' || name === '*' ? around.positional.length > 0 : isSet;
  const own = () =>
    name === '@' || name === '*' ? list(around, name, quoted, single) : [{ text: value ?? '', quoted }];
  const other = async (word: WordNode): Promise<Piece[]> => {
    const pieces: Piece[] = [];
    for (const one of word.parts) pieces.push(...(await partOf(around, one, quoted, single)));
    return pieces;
  };
  switch (operation.type) {
    case 'DefaultValue':
      return present ? own() : other(operation.word);
    case 'UseAlternative':
      return present ? other(operation.word) : [];
    case 'AssignDefault': {
      if (present) return own();
      const text = await textOfWord(around, operation.word);
      around.set(name, text);
      return [{ text, quoted }];
    }
    case 'ErrorIfUnset': {
      if (present) return own();
      const said = operation.word ? await textOfWord(around, operation.word) : '';
      throw new ShellError(`${name}: ${said || 'parameter not set'}`);
    }
    case 'Length':
      return [{ text: String(name === '@' || name === '*' ? around.positional.length : (value ?? '').length), quoted }];
    case 'PatternRemoval': {
      if (value === undefined && around.strict) throw new ShellError(`${name}: unbound variable`, 1);
      const pattern = await patternOfWord(around, operation.pattern);
      return [{ text: without(value ?? '', pattern, operation.side, operation.greedy), quoted }];
    }
    default:
      throw new ShellError(`\${${name}...}: ${operation.type} is not supported`);
  }
}

function list({ positional, get }: Surroundings, name: '@' | '*', quoted: boolean, single: boolean): Piece[] {
  if (quoted && name === '*') return [{ text: positional.join(get('IFS')?.[0] ?? ' '), quoted }];
  return positional.flatMap((text, index) => [
    ...(index > 0 ? [single ? { text: ' ', quoted } : BREAK] : []),
    { text, quoted },
  ]);
}

/** `${name#pattern}` and its like. */
function without(value: string, pattern: string, side: 'prefix' | 'suffix', greedy: boolean): string {
  if (!hasPattern(pattern)) {
    const text = unescaped(pattern);
    if (side === 'prefix') return value.startsWith(text) ? value.slice(text.length) : value;
    return text !== '' && value.endsWith(text) ? value.slice(0, -text.length) : value;
  }
  if (side === 'prefix') return value.replace(patternOf(pattern, 'start', greedy), '');
  // The shortest suffix begins as late as it can.
  const matcher = patternOf(pattern, 'whole');
  const starts = Array.from({ length: value.length + 1 }, (_, index) => (greedy ? index : value.length - index));
  const at = starts.find((start) => matcher.test(value.slice(start)));
  return at === undefined ? value : value.slice(0, at);
}

interface Field {
  readonly text: string;
  /** With what was quoted escaped. */
  readonly pattern: string;
}

function split(pieces: readonly Piece[], separators: string): Field[] {
  const fields: Field[] = [];
  let open: { text: string; pattern: string } | undefined;
  const close = () => {
    if (open) fields.push(open);
    open = undefined;
  };
  const add = (text: string, pattern: string) => {
    open ??= { text: '', pattern: '' };
    open.text += text;
    open.pattern += pattern;
  };
  for (const { text, quoted, end } of pieces) {
    if (end) close();
    else if (quoted) add(text, escapePattern(text));
    else {
      const blank = (char: string) => separators.includes(char) && /[ \t\n]/.test(char);
      let at = 0;
      while (at < text.length) {
        const char = text[at] ?? '';
        if (!separators.includes(char)) {
          let stop = at;
          while (stop < text.length && !separators.includes(text[stop] ?? '')) stop += 1;
          add(text.slice(at, stop), text.slice(at, stop));
          at = stop;
        } else if (blank(char)) {
          close();
          at += 1;
        } else {
          // A visible separator ends a field, also an empty one.
          open ??= { text: '', pattern: '' };
          close();
          at += 1;
          while (at < text.length && blank(text[at] ?? '')) at += 1;
        }
      }
    }
  }
  close();
  return fields;
}
