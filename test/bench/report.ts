import { overhead, type Figures, type Goal } from './goals.ts';
import type { Way } from './steps.ts';

/** The figures as lines for people. */
export function report({ steps, first, stream, startUp }: Figures, goals: readonly Goal[]): string[] {
  return [
    'one command (`true`) over an open connection; ms: median (quarters)',
    ...table([
      ['RTT', ...steps.map(({ roundTrip }) => `${String(roundTrip)} ms`)],
      ['an echo through the proxy', ...steps.map(({ ways }) => way(ways.echo))],
      ['the command itself', ...steps.map(({ ways }) => way(ways.inside))],
      ['A  exec by ssh2', ...steps.map(({ ways }) => way(ways.exec))],
      ['B  durable step', ...steps.map(({ ways }) => way(ways.durable))],
      ['C  ssh, ControlMaster', ...steps.map(({ ways }) => way(ways.master))],
      ['D  durable step, 100 lines', ...steps.map(({ ways }) => way(ways.lines))],
      ['   those lines themselves', ...steps.map(({ ways }) => way(ways.insideLines))],
      ['B / C', ...steps.map(({ ways }) => (ways.durable.median / ways.master.median).toFixed(2))],
      ['B - the command itself', ...steps.map((step) => overhead(step).toFixed(1))],
      ['  - one echo', ...steps.map((step) => (overhead(step) - step.ways.echo.median).toFixed(1))],
      ['D - its lines - one echo', ...steps.map(({ ways }) => beyond(ways.lines, ways.insideLines, ways.echo))],
      ['rounds', ...steps.map(({ rounds }) => String(rounds))],
    ]),
    '',
    ...table([
      ['round trips after TCP', `${first.login.toFixed(1)} to log in, ${first.result.toFixed(1)} to a result`],
      ['200 MB of a step to its log', `${stream.durable.throughput.toFixed(0)} MB/s`],
      ['  by a plain exec', `${stream.exec.throughput.toFixed(0)} MB/s`],
      [
        'memory of the controller',
        `${stream.durable.rss.toFixed(0)} MiB (idle ${stream.durable.rssBefore.toFixed(0)})`,
      ],
      ['  with a plain exec', `${stream.exec.rss.toFixed(0)} MiB (idle ${stream.exec.rssBefore.toFixed(0)})`],
      ['start-up', `${startUp.runbook.toFixed(0)} ms, node -e 0: ${startUp.node.toFixed(0)} ms`],
      ['  of plan, until it connects', `${startUp.plan.toFixed(0)} ms`],
    ]),
    '',
    ...goals.map(
      ({ goal, measured, limit, unit, holds }) =>
        `${holds ? 'holds ' : 'MISSED'} ${goal}: ${measured.toFixed(limit < 10 ? 2 : 1)} (goal: ${String(limit)} ${unit})`,
    ),
  ];
}

function way({ median, quarters: [low, high] }: Way): string {
  return `${median.toFixed(1)} (${low.toFixed(1)}-${high.toFixed(1)})`;
}

function beyond(whole: Way, itself: Way, echo: Way): string {
  return (whole.median - itself.median - echo.median).toFixed(1);
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, n) => Math.max(most[n] ?? 0, cell.length)), []);
  return rows.map((row) =>
    row
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
