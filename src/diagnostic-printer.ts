import { styleText } from 'node:util';
import stringWidth from 'string-width';
import type { Diagnostic, Span } from './diagnostic.ts';

export interface PrintOptions {
  /** Whether the reader shows colours; plain text unless given. */
  readonly color?: boolean;
}

const WIDEST = 120;

/** `file:line:column: error: summary`, the line with a caret under the place, and what to do. No newline at the end. */
export function printDiagnostic({ severity, summary, detail, span }: Diagnostic, options: PrintOptions = {}): string {
  const paint = painter(options.color ?? false);
  const colour = severity === 'error' ? 'red' : 'yellow';
  const place = span ? `${paint('bold', printable(`${span.file}:${span.line}:${span.column}:`))} ` : '';
  const lines = [`${place}${paint(colour, `${severity}:`)} ${printable(summary)}`];
  if (span?.text !== undefined && span.text.trim() !== '')
    lines.push(...snippet(span, span.text, (text) => paint(colour, text)));
  if (detail) lines.push(...detail.split('\n').map((line) => `  ${printable(line)}`));
  return lines.join('\n');
}

type Style = 'bold' | 'red' | 'yellow';

function painter(color: boolean): (style: Style, text: string) => string {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

function snippet(span: Span, text: string, paint: (text: string) => string): string[] {
  const start = Math.min(span.column - 1, text.length);
  const last = span.endLine === span.line && span.endColumn !== undefined ? span.endColumn - 1 : start + 1;
  // A long line is cut so that the place stays in sight.
  const from = start > WIDEST - 40 ? start - 40 : 0;
  const cut = from > 0 ? '...' : '';
  const shown = text.slice(from, from + WIDEST);
  const before = cut + printable(text.slice(from, start));
  const marked = printable(text.slice(start, Math.max(start + 1, Math.min(last, from + WIDEST))));
  const gutter = ' '.repeat(String(span.line).length);
  return [
    `  ${span.line} | ${cut}${printable(shown)}${from + WIDEST < text.length ? '...' : ''}`,
    `  ${gutter} | ${' '.repeat(stringWidth(before))}${paint('^'.repeat(Math.max(1, stringWidth(marked))))}`,
  ];
}

/** A tab takes two columns; other control characters could write to the reader's terminal. */
function printable(text: string): string {
  return text
    .replaceAll('\t', '  ')
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
