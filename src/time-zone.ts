/** Dates and times of a time zone, by the rules that Node carries (ICU). Instants are milliseconds since 1970. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A day of the calendar; `day` may lie outside of its month, as `Date.UTC` takes it. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** What a clock on the wall shows. */
export interface WallTime extends CalendarDay {
  readonly hour: number;
  readonly minute: number;
}

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The zone of this machine, or of $TZ. */
export function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function wallTime(instant: number, zone: string): WallTime {
  const shown = new Date(instant + offsetAt(instant, zone));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
  };
}

export function weekdayOf({ year, month, day }: CalendarDay): Weekday {
  return WEEKDAYS[new Date(Date.UTC(year, month - 1, day)).getUTCDay()] ?? 'sun';
}

/**
 * When the clocks of a zone show a time: twice on the night in which they go back. A time that they jump over counts
 * as the moment of the jump.
 */
export function instantsOf({ year, month, day, hour, minute }: WallTime, zone: string): readonly [number, ...number[]] {
  const shown = Date.UTC(year, month - 1, day, hour, minute);
  const offsets = [...new Set([offsetAt(shown - DAY, zone), offsetAt(shown + DAY, zone)])];
  const [first, ...more] = offsets
    .map((offset) => shown - offset)
    .filter((instant) => instant + offsetAt(instant, zone) === shown)
    .toSorted((a, b) => a - b);
  if (first !== undefined) return [first, ...more];
  return [jumpBetween(shown - Math.max(...offsets), shown - Math.min(...offsets), zone)];
}

/** `Sat 2026-12-05 22:00 Europe/Berlin` */
export function momentText(instant: number, zone: string): string {
  const wall = wallTime(instant, zone);
  const weekday = weekdayOf(wall);
  const name = weekday.charAt(0).toUpperCase() + weekday.slice(1);
  return `${name} ${wall.year}-${two(wall.month)}-${two(wall.day)} ${two(wall.hour)}:${two(wall.minute)} ${zone}`;
}

/** `2026-12-05 22:00:07 +01:00` */
export function stampText(instant: number, zone: string): string {
  const offset = offsetAt(instant, zone);
  const shown = new Date(instant + offset).toISOString().slice(0, 19).replace('T', ' ');
  const minutes = Math.abs(Math.round(offset / MINUTE));
  return `${shown} ${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** `22:00:07` */
export function clockText(instant: number, zone: string): string {
  return stampText(instant, zone).slice(11, 19);
}

/** The first moment after `from`, up to `to`, at which the offset of `to` counts. */
function jumpBetween(from: number, to: number, zone: string): number {
  const after = offsetAt(to, zone);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle, zone) === after) high = middle;
    else low = middle;
  }
  return high;
}

/** Milliseconds by which the clocks of a zone are ahead of UTC at that moment. */
function offsetAt(instant: number, zone: string): number {
  const part = Object.fromEntries(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for an unknown zone */
function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const number = 'numeric';
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: number,
    month: number,
    day: number,
    hour: number,
    minute: number,
    second: number,
  });
  formats.set(zone, format);
  return format;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
