import { type PlanWindow, windowText } from '../plan/pace.ts';
import { type CalendarDay, instantsOf, wallTime, weekdayOf } from '../time-zone.ts';

/** From when to when a window is open. Milliseconds since 1970. */
export interface Opening {
  readonly from: number;
  readonly to: number;
}

/** How many days ahead a window is looked for: it opens on one day of the week at least. */
const AHEAD = 8;

/**
 * The opening that it is in, or else the next one. Openings that touch are one. A time that the clocks show twice
 * counts the first time; one that they jump over counts as the moment of the jump.
 */
export function openingAt(window: PlanWindow, now: number): Opening {
  const openings = openingsAround(window, now);
  const found = openings.find(({ to }) => to > now);
  if (!found) throw new Error(`the window ${windowText(window)} never opens`);
  return found;
}

function openingsAround({ days, from, to, timezone }: PlanWindow, now: number): Opening[] {
  const today = wallTime(now, timezone);
  const opens = clockOf(from);
  const closes = clockOf(to);
  const isOvernight = closes.hour * 60 + closes.minute <= opens.hour * 60 + opens.minute;
  const joined: Opening[] = [];
  // It may have opened yesterday, and on the day before where openings touch.
  for (let ahead = -2; ahead <= AHEAD; ahead += 1) {
    const day = shifted(today, ahead);
    if (days && !days.includes(weekdayOf(day))) continue;
    const [begin] = instantsOf({ ...day, ...opens }, timezone);
    const [end] = instantsOf({ ...(isOvernight ? shifted(day, 1) : day), ...closes }, timezone);
    const last = joined.at(-1);
    if (last && begin <= last.to) joined.splice(-1, 1, { from: last.from, to: Math.max(last.to, end) });
    else if (end > begin) joined.push({ from: begin, to: end });
  }
  return joined;
}

function shifted({ year, month, day }: CalendarDay, days: number): CalendarDay {
  const date = new Date(Date.UTC(year, month - 1, day + days));
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

function clockOf(text: string): { readonly hour: number; readonly minute: number } {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return { hour, minute };
}
