import { z } from 'zod';
import { findingSchema } from '../event.ts';
import type { DeepReadonly } from '../readonly.ts';

/** The version of the form; a reader refuses any other. */
export const CHANGES_VERSION = 1;

const text = z.exactOptional(z.string());
const difference = z
  .strictObject({ what: z.string(), before: text, after: text })
  .describe('Without `before` it is new, without `after` it is gone');
const made = z.strictObject({ digest: z.string(), createdAt: z.string().describe('ISO 8601') });
const change = z.enum(['added', 'removed', 'changed']);

/** What `plan --against FILE --output json` prints: one document. */
export const planChangesSchema = z.strictObject({
  version: z.literal(CHANGES_VERSION),
  cluster: z.string(),
  against: made.describe('The saved plan'),
  plan: made.describe('The plan that is compared with it'),
  changed: z.boolean().describe('Whether anything but the expected time is different'),
  about: z.array(difference).describe('Documents, inputs, releases, limits, overrides, facts, phases'),
  nodes: z.array(z.strictObject({ change, node: z.string(), differences: z.array(difference) })),
  steps: z.array(
    z.strictObject({
      change,
      step: z.string().describe('Its id, e.g. 5.2-drain; of a removed one, its id in the saved plan'),
      was: text.describe('Its id in the saved plan, where that is another'),
      phase: z.string(),
      title: z.string(),
      node: z.string(),
      differences: z.array(difference).describe('`outcome`, `reason`, `commands`, or the field of the saved plan'),
    }),
  ),
  findings: z.array(z.strictObject({ change: z.enum(['new', 'gone']), finding: findingSchema })),
  expected: z
    .exactOptional(z.strictObject({ before: z.number(), after: z.number() }))
    .describe('How long the plans take, in milliseconds; absent where one of them does not have it'),
});

export type PlanChanges = DeepReadonly<z.infer<typeof planChangesSchema>>;
export type Difference = PlanChanges['about'][number];
export type StepChange = PlanChanges['steps'][number];

/** The JSON Schema (draft 2020-12) of that document. */
export function planChangesJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(planChangesSchema), title: 'What changed between two plans of runbook' };
}
