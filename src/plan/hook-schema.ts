import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';

const value = z.union([
  z.string(),
  z
    .strictObject({ before: z.string(), secret: z.string(), after: z.string() })
    .describe('A text with the secret of this input in it'),
]);

/** What is done once a run has ended. */
export const hookSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, { error: 'is not a name' }),
  on: z.enum(['failure', 'stop', 'success']),
  title: z.string(),
  timeout: z.number().describe('Milliseconds'),
  commands: z.exactOptional(z.array(z.string())).describe("Its author's lines, where it runs commands"),
  script: z.exactOptional(z.string()).describe("Run on the operator's machine"),
  notify: z.exactOptional(
    z.strictObject({
      url: value,
      headers: z.record(z.string(), value),
      body: z.exactOptional(z.unknown()).describe('With its expressions, which are evaluated when it is sent'),
    }),
  ),
});

export type PlanHook = DeepReadonly<z.infer<typeof hookSchema>>;
export type HookValue = DeepReadonly<z.infer<typeof value>>;
