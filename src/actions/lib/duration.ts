import { z } from 'zod';
import { millisecondsOf } from '../../duration.ts';

const WHOLE_SECONDS = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;

/** `10m`, `1h30m`, `90s`. */
export const duration = z
  .string()
  .regex(WHOLE_SECONDS, 'hours, minutes and seconds such as 10m, 90s or 1h30m')
  .refine((text) => secondsOf(text) > 0, 'must be longer than nothing');

/** Whole seconds; 0 where the text is no duration. */
export function secondsOf(text: string): number {
  return Math.floor((millisecondsOf(text) ?? 0) / 1000);
}
