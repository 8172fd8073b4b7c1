import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';

/** One line of `runs --output json`. */
export const runRowSchema = z.strictObject({
  run: z.string(),
  runbook: z.string(),
  cluster: z.string(),
  state: z.string().describe('As in status'),
  startedAt: z.string().describe('ISO 8601'),
  done: z.number().describe('Planned steps with an outcome that a resume leaves alone'),
  steps: z.number().describe('Planned steps in all'),
  nodes: z.array(z.string()),
});
export type RunRow = DeepReadonly<z.infer<typeof runRowSchema>>;

/** The JSON Schema (draft 2020-12) of one line. */
export function runRowJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(runRowSchema), title: 'One line of runbook runs' };
}
