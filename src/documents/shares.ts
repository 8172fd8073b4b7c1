import { z } from 'zod';
import { isTemplate } from './template.ts';

/** So many nodes, or a share of a phase's nodes. */
export type Share = number | `${number}%`;

/** One for all batches, or one for each, of which the last one is repeated. */
export type Shares = Share | readonly Share[];

const PERCENT = /^(?:\d|[1-9]\d|100)%$/;

/** Of a part of a phase as written: shares, or expressions that give them. */
export function sharesSchema(description: string, least: 0 | 1) {
  const form = least === 0 ? '0, 3 or 25%' : '1, 3 or 25%';
  const error = `must be a number of nodes or a share of them (${form}), an expression, or a list of these`;
  const one = z.union(
    [
      z.int({ error }).min(least, { error }),
      z
        .string({ error })
        .refine((value) => isTemplate(value) || (PERCENT.test(value) && Number.parseInt(value, 10) >= least), {
          error,
        }),
    ],
    { error },
  );
  return z
    .union([one, z.array(one, { error }).min(1, { error: 'must not be an empty list' })], { error })
    .describe(description);
}

/** What the expressions came to; a text that says what is wrong with it. */
export function readShares(value: unknown, least: 0 | 1): Shares | { readonly problem: string } {
  const entries = Array.isArray(value) ? value.flat() : [value];
  const shares = entries.map((entry) => readShare(entry, least));
  const [first] = shares;
  if (first === undefined || shares.includes(undefined)) {
    const wanted = least === 0 ? 'a number of nodes or a share of them (0, 3, 25%)' : 'at least 1, or a share (25%)';
    return { problem: `must be ${wanted}, not ${JSON.stringify(value)}` };
  }
  return Array.isArray(value) ? shares.filter((share) => share !== undefined) : first;
}

/** Inputs may give a number as text. */
function readShare(value: unknown, least: 0 | 1): Share | undefined {
  if (typeof value === 'string') {
    if (/^\d+$/.test(value)) return readShare(Number(value), least);
    const percent = Number.parseInt(value, 10);
    return PERCENT.test(value) && percent >= least ? `${percent}%` : undefined;
  }
  return typeof value === 'number' && Number.isInteger(value) && value >= least ? value : undefined;
}
