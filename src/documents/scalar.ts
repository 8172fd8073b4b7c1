import type { Scalar } from 'yaml';

/**
 * The offset in the source text of the character at `index` of a scalar's value: past quotes, escapes, block headers,
 * indentation and folded lines. Exact for plain, quoted and literal scalars, the nearest word otherwise.
 */
export function offsetInScalar(text: string, scalar: Scalar, index: number): number {
  const value = String(scalar.value);
  const end = scalar.range?.[1] ?? 0;
  let at = contentStart(text, scalar);
  if (scalar.type === 'QUOTE_DOUBLE') return offsetInDoubleQuotes(text, at, end, index);
  for (let i = 0; at < end; i++) {
    const char = value[i] ?? '';
    if (!isSpace(char)) while (at < end && isSpace(text[at] ?? '')) at += 1;
    if (i >= index) break;
    // A folded line break is one space, however much indentation follows it.
    if (!isSpace(char) || isSpace(text[at] ?? '')) at += scalar.type === 'QUOTE_SINGLE' && text[at] === "'" ? 2 : 1;
  }
  return Math.min(at, end);
}

/** YAML 1.2.2, 7.3.1: an escaped line break is nothing, one line break is a space, further ones are kept. */
function offsetInDoubleQuotes(text: string, start: number, end: number, index: number): number {
  let at = start;
  for (let i = 0; at < end;) {
    const continued = matchAt(/\\\r?\n[ \t]*/y, text, at);
    if (continued !== undefined) {
      at += continued.length;
      continue;
    }
    if (i >= index) break;
    const folded = matchAt(/[ \t]*\r?\n\s*/y, text, at);
    if (folded === undefined) {
      const escaped = text[at] === '\\';
      i += escaped && text[at + 1] === 'U' && Number.parseInt(text.slice(at + 2, at + 10), 16) > 0xffff ? 2 : 1;
      at += escaped ? (ESCAPES[text[at + 1] ?? ''] ?? 2) : 1;
      continue;
    }
    i += Math.max(1, folded.split('\n').length - 2);
    if (i > index) break;
    at += folded.length;
  }
  return Math.min(at, end);
}

/** How long an escape is whose letter is followed by digits. */
const ESCAPES: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function contentStart(text: string, scalar: Scalar): number {
  const start = scalar.range?.[0] ?? 0;
  switch (scalar.type) {
    case 'QUOTE_DOUBLE':
    case 'QUOTE_SINGLE':
      return start + 1;
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED': {
      const header = text.indexOf('\n', start);
      return header === -1 ? start : header + 1;
    }
    default:
      return start;
  }
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
