import type { Diagnostic, Span } from '../diagnostic.ts';
import type { Line } from './style.ts';
import { sanitize } from './text.ts';
import { widthOf } from './width.ts';

/** Characters shown of a line of a document. */
const WIDEST = 120;

/** `file:line:column: error: summary [code]`, the line of the file with a mark under the place, what to do. */
export function diagnosticLines({ span, severity, summary, code, detail }: Diagnostic): Line[] {
  const as = severity === 'error' ? 'red' : 'yellow';
  return [
    [
      ...(span ? [{ text: `${span.file}:${span.line}:${span.column}: `, as: 'bold' } as const] : []),
      { text: `${severity}: `, as },
      summary,
      { text: ` [${code}]`, as: 'dim' },
    ],
    ...(span?.text === undefined || span.text.trim() === '' ? [] : snippet(span, span.text, as)),
    ...(detail?.split('\n') ?? []).map((line): Line => [`  ${line}`]),
  ];
}

function snippet(span: Span, text: string, as: 'red' | 'yellow'): Line[] {
  const number = String(span.line);
  const start = Math.min(span.column - 1, text.length);
  const end = span.endLine === span.line && span.endColumn !== undefined ? span.endColumn - 1 : start + 1;
  // A long line is cut so that the place stays in sight.
  const from = start > WIDEST - 40 ? start - 40 : 0;
  const to = from + WIDEST;
  const before = `${from > 0 ? '...' : ''}${sanitize(text.slice(from, start))}`;
  const marked = sanitize(text.slice(start, Math.max(start + 1, Math.min(end, to))));
  const after = `${sanitize(text.slice(start + 1, to))}${to < text.length ? '...' : ''}`;
  return [
    [{ text: `  ${number} | `, as: 'dim' }, `${before}${text.slice(start, start + 1)}${after}`],
    [
      { text: `  ${' '.repeat(number.length)} | `, as: 'dim' },
      ' '.repeat(widthOf(before)),
      { text: '^'.repeat(Math.max(1, widthOf(marked))), as },
    ],
  ];
}
