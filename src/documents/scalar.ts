import type { Scalar } from 'yaml';

/**
 * Where the character at `index` of a scalar's value stands in the source text: past quotes, escapes, block headers,
 * indentation and folded lines. Exact for plain, quoted and literal scalars, the nearest word otherwise.
 */
export function offsetInScalar(text: string, scalar: Scalar, index: number): number {
  const value = String(scalar.value);
  const end = scalar.range?.[1] ?? 0;
  let at = contentStart(text, scalar);
  for (let i = 0; at < end; i++) {
    const char = value[i] ?? '';
    if (!isSpace(char)) while (at < end && skippable(text, at, scalar)) at += text[at] === '\\' ? 2 : 1;
    if (i >= index) break;
    // A folded line break stands for one space, however much indentation follows it.
    if (!isSpace(char) || isSpace(text[at] ?? '')) at += width(text, at, scalar);
    else if (text[at] === '\\') at += width(text, at, scalar);
  }
  return Math.min(at, end);
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

function skippable(text: string, at: number, scalar: Scalar): boolean {
  if (isSpace(text[at] ?? '')) return true;
  return scalar.type === 'QUOTE_DOUBLE' && text[at] === '\\' && text[at + 1] === '\n';
}

function width(text: string, at: number, scalar: Scalar): number {
  const char = text[at];
  if (scalar.type === 'QUOTE_SINGLE' && char === "'") return 2;
  if (scalar.type !== 'QUOTE_DOUBLE' || char !== '\\') return 1;
  const escapes: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };
  return escapes[text[at + 1] ?? ''] ?? 2;
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
