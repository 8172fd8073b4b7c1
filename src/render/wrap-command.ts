import { fittingPart, widthOf } from './width.ts';

/** As `quote` makes them: single quotes, and a backslash before one. */
const WORDS = /(?:'[^']*'|\\.|[^ '\\])+/g;

/**
 * Breaks a command line as a shell joins it again, so that it can be copied from a terminal: at spaces, with a backslash
 * at the end; within a word that is longer than a line, with the rest at the beginning of the next one. A word in quotes
 * stays whole.
 */
export function wrapCommand(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const indent = ' '.repeat(text.length - text.trimStart().length);
  const room = width - 2;
  const lines: string[] = [];
  let line = '';
  for (const word of text.match(WORDS) ?? []) {
    const longer = line === '' ? `${indent}${word}` : `${line} ${word}`;
    if (widthOf(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(`${line} \\`);
    line = `${indent}${line === '' && lines.length === 0 ? '' : '  '}${word}`;
    while (widthOf(line) > room && !word.includes("'")) {
      const part = fittingPart(line, width - 1);
      lines.push(`${part}\\`);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}
