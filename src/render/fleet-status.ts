import { z } from 'zod';
import type { DeepReadonly } from '../readonly.ts';

/** What `fleet status --output json` prints, and every page of a fleet run is made of. */
export const fleetStatusSchema = z.strictObject({
  run: z.string().describe('Id of the fleet run'),
  fleet: z.string(),
  runbook: z.string(),
  plan: z.string().describe('Digest of its plan'),
  state: z
    .enum(['running', 'paused', 'died', 'done', 'failed', 'cancelled', 'not started', 'stopped'])
    .describe('`died`: no driver works on it, and it has not ended; `stopped`: its driver was stopped'),
  reason: z.string().describe('Why it ended so; empty before'),
  startedAt: z.string().describe('ISO 8601'),
  endedAt: z.exactOptional(z.string()).describe('ISO 8601'),
  about: z.array(z.string()).describe('For people: what it waits for, who drives it'),
  next: z.array(z.string()).describe('Commands that come next'),
  stages: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(['waiting', 'at work', 'over', 'failed']),
      pace: z.string().describe('For people: its limits, and what comes after it'),
      approvedBy: z.exactOptional(z.string()),
    }),
  ),
  clusters: z.array(
    z.strictObject({
      cluster: z.string().describe('Its name in the fleet'),
      stage: z.string(),
      site: z.string(),
      state: z.enum(['waiting', 'running', 'done', 'failed', 'settled']),
      reason: z.string(),
      attempts: z.number(),
      run: z.exactOptional(z.string()).describe('Id of its run'),
      steps: z.exactOptional(z.strictObject({ done: z.number(), all: z.number() })),
      startedAt: z.exactOptional(z.string()).describe('ISO 8601'),
      took: z.exactOptional(z.number()).describe('Milliseconds since its latest start, or until its end'),
      from: z.array(z.string()),
      to: z.string(),
    }),
  ),
});

export type FleetStatus = DeepReadonly<z.infer<typeof fleetStatusSchema>>;

/** The JSON Schema (draft 2020-12) of `fleet status --output json`. */
export function fleetStatusJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(fleetStatusSchema), title: 'Where a fleet run stands' };
}
