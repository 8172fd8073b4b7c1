import { z } from 'zod';
import { duration } from './duration.ts';
import { podSelector } from './evictable.ts';

/** The exit status of a drain whose node is to be left out (sysexits.h: EX_TEMPFAIL). */
export const LEAVE_OUT = 75;
/** Between kubectl's own limit and the step's: a node that is given back needs some seconds. */
export const RESERVE = 120;
/** As long as `wait` waits where the step says nothing. Milliseconds. */
export const WAIT = 7_200_000;

const policies = ['fail', 'wait', 'skip-node', 'force'] as const;

const fields = z.strictObject({
  timeout: duration
    .default('10m')
    .describe('How long kubectl tries before it gives up, e.g. while a PodDisruptionBudget refuses'),
  force: z.boolean().default(false).describe('Delete pods without a controller too, permanently'),
  deleteEmptydirData: z
    .boolean()
    .default(false)
    .describe('Evict pods with emptyDir volumes too: what is in them is lost'),
  gracePeriod: z.number().int().min(0).optional().describe('Seconds that each pod gets to end, in place of its own'),
  podSelector: podSelector.optional().describe('Only pods with these labels, e.g. app=web'),
  onBlocked: z
    .enum(policies)
    .default('fail')
    .describe(
      "What to do where PodDisruptionBudgets held the drain for its timeout: fail; wait for them up to the step's own time limit; skip-node leaves the node out where they still hold it; force deletes the pods all the same",
    ),
  reason: z
    .string()
    .regex(/^[^\n\r]*$/, 'one line')
    .optional()
    .describe('Why PodDisruptionBudgets may be overridden; required for `onBlocked: force`'),
});
export const drainSchema = fields.refine(
  (options) => options.onBlocked !== 'force' || (options.reason ?? '').trim() !== '',
  {
    path: ['reason'],
    error: '`onBlocked: force` overrides PodDisruptionBudgets: say why in `reason`',
  },
);
export type DrainOptions = z.infer<typeof drainSchema>;

/** How often `timeout` may pass: for kubectl, for kubectl past the budgets, and for volumes. */
export function parts({ onBlocked }: DrainOptions): number {
  return onBlocked === 'force' ? 3 : 2;
}
