import type { RunRow } from './run-row.ts';
import { stateColour } from './status.ts';
import type { Line, Look, Span } from './style.ts';
import { createStyle } from './style.ts';
import { dateAndClock, listNames, sanitize } from './text.ts';
import { pad, widthOf } from './width.ts';

/** Columns of the table that stay in the first line of a run where a terminal has no room for all. */
const BESIDE = 4;

/** The table of `runbook runs`, in the order given. Ends with a newline. */
export function renderRuns(rows: readonly RunRow[], look: Look): string {
  const style = createStyle(look);
  const head = ['RUN', 'STATE', 'STEPS', 'STARTED', 'RUNBOOK', 'CLUSTER', 'NODES'];
  const cells = rows.map((row) =>
    [
      row.run,
      row.state,
      `${row.done}/${row.steps}`,
      dateAndClock(row.startedAt),
      row.runbook,
      row.cluster,
      listNames(row.nodes, 3),
    ].map(sanitize),
  );
  const widths = head.map((title, column) => Math.max(...[head, ...cells].map((row) => widthOf(row[column] ?? title))));
  const isNarrow = widths.reduce((sum, width) => sum + width + 2, -2) > (look.terminal ?? Infinity);
  const table = [head, ...cells].flatMap((row, index): Line[] => {
    const line = row.map((cell, column): Span => {
      const text = `${pad(cell, widths[column] ?? 0)}  `;
      if (index === 0) return { text, as: 'dim' };
      return column === 1 ? { text, as: stateColour(cell) } : text;
    });
    return isNarrow ? [line.slice(0, BESIDE), ['    ', ...line.slice(BESIDE)]] : [line];
  });
  return style.text(table);
}
