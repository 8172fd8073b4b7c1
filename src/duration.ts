/** Hours, minutes, seconds, milliseconds, in that order: `10m`, `1h30m`, `500ms`. */
export const DURATION = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** The longest delay that a timer of Node can hold, in milliseconds; longer ones would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Milliseconds, or undefined where the text is no duration. */
export function millisecondsOf(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (!match) return undefined;
  const [h, m, s, ms] = match.slice(1).map((part: string | undefined) => Number(part ?? 0));
  return (h ?? 0) * 3_600_000 + (m ?? 0) * 60_000 + (s ?? 0) * 1000 + (ms ?? 0);
}

/** {@link millisecondsOf}, undefined too where it is too long for a timer (596h). */
export function parseDuration(text: string): number | undefined {
  const milliseconds = millisecondsOf(text);
  return milliseconds !== undefined && milliseconds <= LONGEST ? milliseconds : undefined;
}

/** For people, of an estimate in milliseconds: `about 40 s`, `about 12 min`, `about 2 h 10 min`. */
export function roughly(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 55) return `about ${Math.max(10, Math.round(seconds / 10) * 10)} s`;
  const step = seconds < 3600 ? 1 : 5;
  const minutes = Math.max(1, Math.round(seconds / 60 / step) * step);
  if (minutes < 60) return `about ${minutes} min`;
  const rest = minutes % 60;
  return `about ${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** As a runbook writes it: `45s`, `2m`, `1h30m`. */
export function durationText(milliseconds: number): string {
  const whole = Math.max(0, Math.round(milliseconds));
  const parts = [
    [Math.floor(whole / 3_600_000), 'h'],
    [Math.floor((whole % 3_600_000) / 60_000), 'm'],
    [Math.floor((whole % 60_000) / 1000), 's'],
    [whole < 10_000 ? whole % 1000 : 0, 'ms'],
  ] as const;
  const text = parts.map(([amount, unit]) => (amount > 0 ? `${amount}${unit}` : '')).join('');
  return text === '' ? '0s' : text;
}
