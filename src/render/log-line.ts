import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';

/** One line of `logs --output json`: a line of the kept output of an attempt. */
export const logLineSchema = z.strictObject({
  run: z.string(),
  node: z.string(),
  step: z.string().describe('Id of the planned step, e.g. 5.2-drain'),
  attempt: z.number(),
  text: z.string().describe('One line of its output, stdout and stderr as they came; a very long line in parts'),
});
export type LogLine = DeepReadonly<z.infer<typeof logLineSchema>>;

/** The JSON Schema (draft 2020-12) of one line. */
export function logLineJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(logLineSchema), title: 'One line of runbook logs' };
}
