import { durationText, roughly } from '../duration.ts';
import type { FleetWait } from '../fleet/decide.ts';
import type { StageForecast } from '../fleet/forecast.ts';
import type { FleetPlan, FleetStage } from '../fleet/plan.ts';
import { gateText, windowText } from '../plan/pace.ts';
import { columns } from './fleet-table.ts';
import { createStyle, type Line, type Look } from './style.ts';
import { dateAndClock, listNames } from './text.ts';

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
      { text: `  ${dates}`, as: 'cyan' },
    ],
    [`  ${listNames(stage.clusters, 8)}`],
    [{ text: `  ${paceText(stage)}`, as: 'dim' }],
  ];
}

/** `2 at a time, 1 may fail; then soaks for 24h, then someone approves it` */
export function paceText({ maxConcurrent, maxFailures, soak, approve, gate, window }: FleetStage): string {
  const parts = [
    `${maxConcurrent} at a time`,
    maxFailures === 0 ? 'none may fail' : `${maxFailures} may fail`,
    ...(window ? [`starts ${windowText(window)}`] : []),
    ...(gate ? [`gate ${gateText(gate)}${gate.for > 0 ? ` for ${durationText(gate.for)}` : ''}`] : []),
    ...(soak > 0 ? [`then soaks for ${durationText(soak)}`] : []),
    ...(approve ? ['then someone approves it'] : []),
  ];
  return parts.join(', ');
}

/** In the local time zone, without seconds. */
function shortDate(at: number): string {
  return dateAndClock(new Date(at).toISOString()).slice(0, -3);
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
