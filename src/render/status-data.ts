import { z } from 'zod';
import { knownSchema, OUTCOMES } from '../event.ts';
import { overrideSchema } from '../guards/lib/override.ts';
import type { DeepReadonly } from '../readonly.ts';

const names = z.array(z.string());
const time = z.string().describe('ISO 8601');

const lock = z.looseObject({
  id: z.string(),
  run: z.string(),
  host: z.string(),
  user: z.string(),
  pid: z.number(),
  startedAt: time,
  life: z.enum(['alive', 'gone', 'elsewhere']).describe('Of its process; `elsewhere`: it is not on this machine'),
});

const step = z.strictObject({
  phase: z.number().describe('1-based'),
  node: z.string(),
  step: z.string().describe('Id of the planned step, e.g. 5.2-drain'),
  title: z.string(),
  outcome: z
    .enum([...OUTCOMES, 'running', 'left-running', 'pending'])
    .describe('`left-running`: no process of runbook follows it, and it may have ended since'),
  host: z.exactOptional(z.string()).describe('Where it is left running: a node or `local`'),
  attempt: z.number().describe('The last one; 0: none was started'),
  reason: z.string(),
  continued: z.exactOptional(z.literal(true)).describe('It failed, and the node continued (`continueOnError`)'),
  known: z.exactOptional(z.array(knownSchema)).describe('Known texts in the output of a step that failed'),
  outputs: z.exactOptional(z.record(z.string(), z.string())).describe('What its last attempt wrote to $RUNBOOK_OUTPUT'),
});

/** What `status --output json` prints: one document. */
export const statusSchema = z.strictObject({
  run: z.string(),
  runbook: z.string(),
  cluster: z.string(),
  state: z.string().describe('running, died, stopped, failed, unknown, done, abandoned, not started ...'),
  startedAt: time,
  about: names.describe('What explains the state, for people'),
  lock: lock.nullable().describe('The lock of this run in the state folder'),
  leftRunning: z
    .array(z.strictObject({ host: z.string(), node: z.string(), step: z.string() }))
    .describe('Steps without a known end that no process follows: they continue on `host`, a node or `local`'),
  readAt: z.exactOptional(time).describe('When versions and cordons were read; with --live: now'),
  versions: z.record(z.string(), z.string()).describe('By node, e.g. kubeadm 1.32.9, kubelet 1.31.9'),
  cordoned: names.describe('Node objects that were cordoned when they were read'),
  overrides: z.array(overrideSchema),
  steps: z.array(step).describe('Every planned step, in the order of the plan'),
  next: names.describe(
    'The command to give next; empty while the run is running, when it is abandoned, and when it is done and left no node out',
  ),
});
export type StatusData = DeepReadonly<z.infer<typeof statusSchema>>;

/** The JSON Schema (draft 2020-12) of that document. */
export function statusJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(statusSchema), title: 'What runbook status shows' };
}
