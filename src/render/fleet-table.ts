import type { Line, Span } from './style.ts';
import { sanitize } from './text.ts';
import { pad, widthOf } from './width.ts';

/** A table whose columns are as wide as what is in them; the first line is its head. */
export function columns(
  head: readonly string[],
  cells: readonly (readonly string[])[],
  paint: (row: number, column: number, cell: string) => Span = (_row, _column, cell) => cell,
): Line[] {
  const safe = cells.map((row) => row.map(sanitize));
  const used = head.map((_, column) => safe.some((row) => (row[column] ?? '') !== ''));
  const painted = safe.map((row, index) => row.map((cell, column) => paint(index, column, cell)));
  const textOf = (span: Span): string => (typeof span === 'string' ? span : span.text);
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...painted.map((row) => widthOf(textOf(row[column] ?? '')))),
  );
  const padded = (span: Span, column: number): Span => {
    const text = `${pad(textOf(span), widths[column] ?? 0)}  `;
    return typeof span === 'string' ? text : { ...span, text };
  };
  const line = (row: readonly Span[]): Line =>
    row.flatMap((span, column) => (used[column] ? [padded(span, column)] : []));
  return [line(head.map((text) => ({ text, as: 'dim' as const }))), ...painted.map(line)];
}
