import { z } from 'zod';

const DURATION = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** `10m`, `1h30m`, `90s`. */
export const duration = z
  .string()
  .regex(DURATION, 'hours, minutes and seconds such as 10m, 90s or 1h30m')
  .refine((text) => secondsOf(text) > 0, 'must be longer than nothing');

/** Whole seconds; 0 where the text is no duration. */
export function secondsOf(text: string): number {
  const [hours, minutes, seconds] = (DURATION.exec(text) ?? [])
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}
