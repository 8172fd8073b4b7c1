import type { Bounds } from '../engine/context.ts';
import { openingAt } from '../engine/window.ts';
import { parseDuration } from '../duration.ts';
import { Failure } from '../failure.ts';
import { type PlanWindow, windowText } from '../plan/pace.ts';
import { instantsOf, localZone, momentText, wallTime } from '../time-zone.ts';
import type { Console } from './console.ts';

export interface BoundOptions {
  readonly until?: string;
  readonly maxNodes?: string;
}

const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::[0-5]\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * What --until and --max-nodes bound a run by. The zone of this machine, unless given: to ask for it takes longer than
 * all else here. @throws Failure (usage)
 */
export function parseBounds({ until, maxNodes }: BoundOptions, now: number, zone?: string): Bounds {
  return {
    ...(until !== undefined && { until: parseUntil(until, now, zone ?? localZone()) }),
    ...(maxNodes !== undefined && { maxNodes: parseMaxNodes(maxNodes) }),
  };
}

/**
 * A time of day (the next one in the zone), a date with time (in the zone, unless it names an offset), or a duration
 * from now on. @throws Failure (usage)
 */
function parseUntil(text: string, now: number, zone: string): number {
  const until = momentOf(text.trim(), now, zone);
  if (until === undefined || Number.isNaN(until)) {
    throw new Failure('usage', `--until ${text}: not a time`, [
      'It is a time of day (05:00), a date and time (2026-12-06T05:00, 2026-12-06T04:00Z) or a duration (2h, 90m).',
    ]);
  }
  if (until <= now) throw new Failure('usage', `--until ${text} is over: ${momentText(until, zone)}`);
  return until;
}

function momentOf(text: string, now: number, zone: string): number | undefined {
  const [, hour, minute] = CLOCK.exec(text) ?? [];
  if (hour !== undefined && minute !== undefined) return nextClock(Number(hour), Number(minute), now, zone);
  const duration = parseDuration(text);
  if (duration !== undefined) return now + duration;
  const iso = ISO.exec(text);
  if (!iso) return undefined;
  const [, offset = ''] = iso;
  const wall = text.slice(0, text.length - offset.length);
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = wall.split(/[-T :]/).map(Number);
  const date = new Date(Date.UTC(year, month - 1, day, hours, minutes));
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCHours() === hours && date.getUTCMinutes() === minutes;
  if (!isReal) return undefined;
  if (offset !== '') return Date.parse(text.replace(' ', 'T'));
  return instantsOf({ year, month, day, hour: hours, minute: minutes }, zone)[0] + seconds * 1000;
}

function nextClock(hour: number, minute: number, now: number, zone: string): number | undefined {
  const today = wallTime(now, zone);
  const instants = [0, 1, 2].flatMap((ahead) => [
    ...instantsOf({ ...today, day: today.day + ahead, hour, minute }, zone),
  ]);
  return instants.find((instant) => instant > now);
}

function parseMaxNodes(text: string): number {
  const amount = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(amount) && amount >= 1) return amount;
  throw new Failure('usage', `--max-nodes ${text}: must be a whole number of at least 1`);
}

/** Whether the window is closed, so that nothing is to be started; says when it opens. */
export function isClosed(console: Pick<Console, 'info'>, window: PlanWindow | undefined, now: number): boolean {
  const opening = window && openingAt(window, now);
  if (!window || !opening || opening.from <= now) return false;
  const opens = momentText(opening.from, window.timezone);
  console.info(`nothing was started: the window ${windowText(window)} is closed; it opens on ${opens}`);
  return true;
}
