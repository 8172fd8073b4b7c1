import type { RunReport } from '../report-data.ts';
import { endOf } from './words.ts';

/** Units from the left end of a timeline to its right one. */
export const WIDTH = 10_000;

/** A time in which no process worked on the run, drawn shorter than it was. */
export interface Break {
  readonly from: number;
  readonly to: number;
}

/** Where times lie on a timeline. Times in milliseconds since 1970. */
export interface Scale {
  readonly from: number;
  readonly to: number;
  readonly breaks: readonly Break[];
  /** From where the times of the axis are counted: of a plan its start. */
  readonly zero: number;
  /** Units from the left end. */
  readonly x: (at: number) => number;
  /** The time at so many units. */
  readonly at: (x: number) => number;
}

/** Shorter pauses are drawn as long as they were. */
const SHORTEST_BREAK = 10 * 60_000;
/** The part of all time from which on a pause hides the rest. */
const LONGEST_SHARE = 0.5;
/** How wide a break is drawn, as a part of the time worked. */
const BREAK_SHARE = 0.04;

/** To scale from the start to the end; only a pause that is longer than all the rest is drawn shorter, as a break. */
export function scaleOf(report: RunReport): Scale | undefined {
  const end = endOf(report);
  if (report.startedAt === undefined || end === undefined) return undefined;
  const from = Date.parse(report.startedAt);
  const to = Math.max(Date.parse(end), from + 1);
  const pauses = pausesOf(report);
  const paused = pauses.reduce((sum, one) => sum + one.to - one.from, 0);
  const breaks = paused > LONGEST_SHARE * (to - from) ? pauses : [];
  const worked = to - from - (breaks.length > 0 ? paused : 0);
  const width = worked * BREAK_SHARE;
  const total = worked + breaks.length * width;
  /** Milliseconds as they are drawn. */
  const drawn = (at: number): number =>
    breaks.reduce(
      (sum, one) => sum - over(one, at) + (over(one, at) / (one.to - one.from)) * width,
      Math.min(Math.max(at, from), to) - from,
    );
  const x = (at: number): number => Math.round((drawn(at) / total) * WIDTH);
  const zero = report.kind === 'plan' ? from : 0;
  return { from, to, breaks, zero, x, at: (units) => timeAt((units / WIDTH) * total, { from, to, drawn }) };
}

/** Milliseconds of a break that lie before a time. */
function over({ from, to }: Break, at: number): number {
  return Math.min(Math.max(at - from, 0), to - from);
}

function timeAt(
  wanted: number,
  { from, to, drawn }: { readonly from: number; readonly to: number; readonly drawn: (at: number) => number },
): number {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (drawn(middle) < wanted) low = middle;
    else high = middle;
  }
  return high;
}

/** From each stop to the resume after it. */
function pausesOf({ marks }: RunReport): Break[] {
  let stopped: number | undefined;
  return marks.flatMap(({ kind, at }) => {
    const time = Date.parse(at);
    if (kind === 'stopped' || kind === 'paused') stopped = time;
    if (kind !== 'resumed' || stopped === undefined) return [];
    const pause = { from: stopped, to: time };
    stopped = undefined;
    return pause.to - pause.from >= SHORTEST_BREAK ? [pause] : [];
  });
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30]
  .map((one) => one * SECOND)
  .concat([1, 2, 5, 10, 15, 30].map((one) => one * MINUTE))
  .concat([1, 2, 3, 6, 12, 24, 48, 96, 168].map((one) => one * HOUR));

/** Times for the axis: round ones, at most so many, and none within a break. */
export function ticksOf({ from, to, breaks, zero }: Scale, most: number): number[] {
  const worked = to - from - breaks.reduce((sum, one) => sum + one.to - one.from, 0);
  const step = STEPS.find((one) => worked / one <= most) ?? STEPS.at(-1) ?? HOUR;
  const ticks: number[] = [];
  for (let at = zero + Math.ceil((from - zero) / step) * step; at <= to; at += step) {
    const hidden = breaks.find((one) => at > one.from && at < one.to);
    if (hidden) at = zero + Math.floor((hidden.to - zero) / step) * step;
    else ticks.push(at);
  }
  return ticks;
}
