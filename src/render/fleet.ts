import { durationText, roughly } from '../duration.ts';
import type { FleetWait } from '../fleet/decide.ts';
import type { StageForecast } from '../fleet/forecast.ts';
import type { FleetPlan, FleetStage } from '../fleet/plan.ts';
import { gateText, windowText } from '../plan/pace.ts';
import type { FleetStatus } from './fleet-status.ts';
import { stateColour } from './status.ts';
import { type Colour, createStyle, type Line, type Look, type Span } from './style.ts';
import { count, dateAndClock, duration, listNames, sanitize } from './text.ts';
import { pad, widthOf } from './width.ts';

/** One cluster of a fleet plan as it is shown. */
export interface FleetPlanRow {
  readonly name: string;
  readonly site: string;
  readonly from: readonly string[];
  readonly to: string;
  /** Undefined: no plan was made. */
  readonly changes?: number;
  readonly expected?: number;
  readonly refusals: readonly string[];
}

/** The clusters and stages of a fleet plan, with the dates that are expected. Ends with a newline. */
export function renderFleetPlan(
  rows: readonly FleetPlanRow[],
  plan: FleetPlan | undefined,
  forecast: readonly StageForecast[],
  look: Look,
): string {
  const style = createStyle(look);
  const { failed } = style.symbols;
  const head = ['CLUSTER', 'SITE', 'FROM', 'TO', 'CHANGES', 'TAKES'];
  const cells = rows.map((row) => [
    row.name,
    row.site,
    row.from.length === 0 ? '-' : listNames(row.from, 2),
    row.to === '' ? '-' : row.to,
    row.changes === undefined ? '-' : row.changes === 0 ? 'nothing to do' : String(row.changes),
    row.expected === undefined || row.changes === 0 ? '' : roughly(row.expected),
  ]);
  const table = columns(head, cells);
  const lines = table.flatMap((line, index): Line[] => {
    const refusals = index === 0 ? [] : (rows[index - 1]?.refusals ?? []);
    return [line, ...refusals.map((text): Line => [{ text: `  ${failed} `, as: 'red' }, text])];
  });
  const stages = plan?.stages.flatMap((stage) => stageLines(stage, forecast)) ?? [];
  const [first, last] = [forecast[0], forecast.at(-1)];
  const whole: Line[] =
    first && last
      ? [[], [{ text: `${roughly(last.to - first.from)}, if it starts now and every answer comes at once`, as: 'dim' }]]
      : [];
  const digest: Line[] = plan ? [[{ text: `digest ${plan.digest}`, as: 'dim', copied: 'line' }]] : [];
  return style.text([...lines, [], ...stages, ...whole, ...digest]);
}

function stageLines(stage: FleetStage, forecast: readonly StageForecast[]): Line[] {
  const when = forecast.find((one) => one.stage === stage.name);
  const dates = when ? `${shortDate(when.from)} to ${shortDate(when.to)}` : 'nothing to do';
  return [
    [
      { text: `stage ${stage.name}`, as: 'bold' },
      `: ${listNames(stage.clusters, 8)}`,
      { text: `  ${dates}`, as: 'cyan' },
    ],
    [{ text: `  ${paceText(stage)}`, as: 'dim' }],
  ];
}

/** `2 at a time, 1 may fail; then soaks for 24h, then someone approves it` */
export function paceText({ maxConcurrent, maxFailures, soak, approve, gate, window }: FleetStage): string {
  const parts = [
    `${maxConcurrent} at a time`,
    maxFailures === 0 ? 'none may fail' : `${maxFailures} may fail`,
    ...(window ? [`starts ${windowText(window)}`] : []),
    ...(gate ? [`gate ${gateText(gate)}`] : []),
    ...(soak > 0 ? [`then soaks for ${durationText(soak)}`] : []),
    ...(approve ? ['then someone approves it'] : []),
  ];
  return parts.join(', ');
}

/** In the local time zone, without seconds. */
function shortDate(at: number): string {
  return dateAndClock(new Date(at).toISOString()).slice(0, -3);
}

const SYMBOLS = {
  waiting: 'waiting',
  running: 'running',
  done: 'change',
  failed: 'failed',
  settled: 'skipped',
} as const;
const COLOURS: Readonly<Record<string, Colour>> = { done: 'green', running: 'cyan', failed: 'red', settled: 'yellow' };

/** The grid of a fleet run. Ends with a newline. @param rows lines that a screen has; what has no room is counted */
export function renderFleetStatus(status: FleetStatus, look: Look, rows = Infinity): string {
  const style = createStyle(look);
  const { clusters } = status;
  const done = clusters.filter(({ state }) => state === 'done' || state === 'settled').length;
  const head: Line[] = [
    [
      { text: `${status.fleet}: ${status.runbook}`, as: 'bold' },
      ', ',
      { text: status.state, as: stateColour(status.state) },
      `: ${done} of ${count(clusters.length, 'cluster')} done`,
    ],
    [{ text: `fleet run ${status.run}, begun ${dateAndClock(status.startedAt)}`, as: 'dim' }],
    ...status.about.map((text): Line => [text]),
  ];
  const foot: Line[] = status.next.map((text): Line => [{ text: `  ${text}`, as: 'bold', copied: 'command' }]);
  const cells = clusters.map((one) => [
    one.stage,
    one.cluster,
    one.state,
    one.steps === undefined ? '' : `${one.steps.done}/${one.steps.all}`,
    one.attempts > 1 ? String(one.attempts) : '',
    one.took === undefined ? '' : duration(one.took),
    one.run ?? '',
  ]);
  const table = columns(
    ['STAGE', 'CLUSTER', 'STATE', 'STEPS', 'ATTEMPT', 'TIME', 'RUN'],
    cells,
    (row, column, cell) => {
      const one = clusters[row];
      if (column !== 2 || !one) return cell;
      const text = `${style.symbols[SYMBOLS[one.state]]} ${cell}`;
      const colour = COLOURS[one.state];
      return colour === undefined ? text : { text, as: colour };
    },
  );
  const [title = [], ...lines] = table;
  const entries = lines.map((line, index) => {
    const reason = clusters[index]?.reason ?? '';
    return reason === '' ? [line] : [line, [{ text: `    ${reason}`, as: 'dim' } as const]];
  });
  const room = rows - head.length - foot.length - 4;
  return style.text([
    ...head,
    [],
    title,
    ...fitting(
      entries,
      clusters.map(({ state }) => state),
      room,
    ),
    ...(foot.length > 0 ? [[], ...foot] : []),
  ]);
}

/** Where there is no room for all, those that are done or wait are counted: what runs or failed is shown. */
function fitting(entries: readonly (readonly Line[])[], states: readonly string[], room: number): Line[] {
  const all = entries.flat();
  if (all.length <= room) return all;
  const isNews = (index: number): boolean => states[index] === 'running' || states[index] === 'failed';
  const news = entries.filter((_, index) => isNews(index)).flatMap((lines) => lines);
  const kept = news.slice(0, Math.max(0, room - 1));
  const left = entries.length - entries.filter((_, index) => isNews(index)).length;
  return [...kept, [{ text: `and ${left} that ${left === 1 ? 'is' : 'are'} done or waiting`, as: 'dim' }]];
}

/** What a fleet run waits for, in words. */
export function waitText(wait: FleetWait): string {
  switch (wait.for) {
    case 'clusters':
      return wait.clusters.length === 0 ? '' : `at work: ${listNames(wait.clusters, 8)}`;
    case 'gate':
      return `the gate of stage ${wait.stage} is asked`;
    case 'window':
      return `stage ${wait.stage} starts when its window opens: ${shortDate(wait.until)}`;
    case 'soak':
      return `stage ${wait.stage} soaks until ${dateAndClock(new Date(wait.until).toISOString())}`;
    case 'approval':
      return `stage ${wait.stage} waits for approval`;
    case 'unpause':
      return `paused by ${wait.by}: nothing is started`;
  }
}

/** A table whose columns are as wide as what is in them; the first line is its head. */
function columns(
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
