import { z } from 'zod';
import { diagnosticSchema } from './diagnostic.ts';
import type { DeepReadonly } from './readonly.ts';

const names = z.array(z.string());
const at = z.string().describe('ISO 8601');
const milliseconds = z.number().describe('Milliseconds');
const step = {
  at,
  step: z.string().describe('Id of the planned step, e.g. 5.2-drain'),
  node: z.string(),
  title: z.string(),
};

export const OUTCOMES = ['changed', 'unchanged', 'skipped', 'failed', 'unknown'] as const;
export const outcomeSchema = z.enum(OUTCOMES);
/** How many planned steps have which outcome. */
const counts = z.strictObject({
  changed: z.number(),
  unchanged: z.number(),
  skipped: z.number(),
  failed: z.number(),
  unknown: z.number(),
});
export const predictedSchema = z.enum(['change', 'unchanged', 'skipped', 'read']);

/** From the worst on. */
export const SEVERITIES = ['refuse', 'warn', 'note'] as const;

export const findingSchema = z.strictObject({
  guard: z.string(),
  severity: z.enum(SEVERITIES).describe('refuse stops an apply (exit 3); warn and note are shown'),
  node: z.exactOptional(z.string()).describe('Name of the node in the inventory; without it: the cluster'),
  step: z.exactOptional(z.string()).describe('The planned step at which it would happen'),
  summary: z.string().describe('One line: what is wrong, with the values seen'),
  remedy: z.string().describe('What to do about it'),
  source: z.string().describe("The rule's source, e.g. Kubernetes version skew policy"),
  overridden: z.exactOptional(z.string()).describe("The operator's reason to override a refusal; it is a warning then"),
});

/** One line of `--output json`. */
export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('diagnostic'), at, diagnostic: diagnosticSchema }),
  z.strictObject({ type: z.literal('connecting'), at, nodes: names }),
  z.strictObject({ type: z.literal('connected'), at, node: z.string() }),
  z.strictObject({ type: z.literal('facts'), at, nodes: names }),
  z.strictObject({ type: z.literal('finding'), at, finding: findingSchema }),
  z.strictObject({
    type: z.literal('step-planned'),
    ...step,
    phase: z.number().describe('1-based'),
    outcome: predictedSchema,
    reason: z.string(),
    check: z.exactOptional(z.string()),
    commands: names,
  }),
  z.strictObject({
    type: z.literal('planned'),
    at,
    runbook: z.string(),
    cluster: z.string(),
    digest: z.string(),
    nodes: names,
    steps: z.number().describe('Planned steps in all'),
    changes: z.number().describe('Of these, how many would change something'),
  }),
  z.strictObject({
    type: z.literal('run-started'),
    at,
    run: z.string(),
    runbook: z.string(),
    cluster: z.string(),
    resumed: z.boolean(),
    nodes: names,
    steps: z.number().describe('Planned steps in all'),
    done: z.number().describe('Of these, how many have an outcome already'),
  }),
  z.strictObject({
    type: z.literal('phase-started'),
    at,
    phase: z.number(),
    phases: z.number(),
    name: z.string(),
    nodes: names,
    before: z
      .exactOptional(
        z.array(
          z.strictObject({
            node: z.string(),
            counts,
            duration: milliseconds,
            open: z.number().describe('Steps that have not ended'),
            leftOut: z.exactOptional(z.string()).describe('Why the node was left out'),
          }),
        ),
      )
      .describe('What had ended before the resume, by node'),
  }),
  z.strictObject({
    type: z.literal('phase-skipped'),
    at,
    phase: z.number(),
    phases: z.number(),
    name: z.string(),
    reason: z.string(),
  }),
  z.strictObject({
    type: z.literal('waiting'),
    at,
    phase: z.number(),
    message: z.string().describe('What the run waits for before the next batch of the phase: a pause or a gate'),
  }),
  z.strictObject({ type: z.literal('phase-finished'), at, phase: z.number(), name: z.string() }),
  z.strictObject({
    type: z.literal('step-started'),
    ...step,
    attempt: z.number(),
    commands: names,
    reattached: z.boolean(),
  }),
  z.strictObject({
    type: z.literal('step-output'),
    ...step,
    stream: z.enum(['stdout', 'stderr']),
    text: z.string().describe('Complete lines; the last one may lack its newline'),
  }),
  z.strictObject({ type: z.literal('step-progress'), ...step, message: z.string() }),
  z.strictObject({ type: z.literal('step-retry'), ...step, attempt: z.number(), reason: z.string() }),
  z.strictObject({
    type: z.literal('step-finished'),
    ...step,
    outcome: outcomeSchema,
    reason: z.string(),
    duration: milliseconds,
    outputs: z.exactOptional(z.record(z.string(), z.string())).describe('What it wrote to $RUNBOOK_OUTPUT'),
    tail: z.exactOptional(names).describe('The last lines of output, where it failed'),
    log: z.exactOptional(z.string()).describe('Path of the kept output'),
    continued: z.exactOptional(z.literal(true)).describe('It failed, and the node continues (`continueOnError`)'),
    leavesOut: z.exactOptional(z.literal(true)).describe("The node is left out of the phase's further steps"),
  }),
  z.strictObject({ type: z.literal('connection-lost'), at, node: z.string(), reason: z.string() }),
  z.strictObject({ type: z.literal('reconnected'), at, node: z.string() }),
  z.strictObject({ type: z.literal('stopping'), at, reason: z.string() }),
  z.strictObject({
    type: z.literal('run-finished'),
    at,
    run: z.string(),
    outcome: z
      .enum(['done', 'failed', 'refused', 'stopped', 'paused'])
      .describe('paused: everything that was begun is done, and `runbook resume` continues (exit 0)'),
    reason: z.exactOptional(z.string()).describe('Why it ended so, where no step is the cause'),
    counts: counts.describe('Of the whole run, as all that follows'),
    duration: milliseconds.describe('Milliseconds in which a process worked on the run, without the time in between'),
    resumed: z.exactOptional(z.number()).describe('How many times it was resumed'),
    startedAt: z.exactOptional(z.string()).describe('When the run began, ISO 8601'),
    nodes: z
      .exactOptional(z.array(z.strictObject({ node: z.string(), counts, notDone: z.exactOptional(z.literal(true)) })))
      .describe('Those with an outcome, in the order of the inventory; `notDone`: a step ended the work there'),
    continued: z
      .exactOptional(z.array(z.strictObject({ node: z.string(), step: z.string() })))
      .describe('Steps that failed, and their node continued (`continueOnError`)'),
    leftRunning: z
      .exactOptional(
        z.array(z.strictObject({ host: z.string(), node: z.string(), step: z.string(), title: z.string() })),
      )
      .describe('Steps that continue on `host`, a node or `local`; a resume takes their results'),
    cordoned: z
      .exactOptional(z.array(z.strictObject({ node: z.string(), before: z.boolean() })))
      .describe('Nodes of the run that stay cordoned; `before`: they were when it was planned'),
    next: names.describe('What to do next, as commands or sentences; empty when done'),
    leftOut: z
      .exactOptional(z.array(z.strictObject({ node: z.string(), reason: z.string() })))
      .describe('Nodes that the runbook left out, and why. A new apply, not resume, takes them up'),
  }),
  z.strictObject({
    type: z.literal('message'),
    at,
    level: z.enum(['info', 'warning', 'error']),
    text: z.string(),
    detail: names,
  }),
]);

/** The JSON Schema (draft 2020-12) of one line of `--output json`. */
export function eventJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(eventSchema), title: 'One event of a runbook run' };
}

/** How a planned step ended. `unknown`: it cannot be determined; the operator is asked. */
export type Outcome = z.infer<typeof outcomeSchema>;

export type OutcomeCounts = Record<Outcome, number>;

export function noOutcomes(): OutcomeCounts {
  return { changed: 0, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
}

/** What a guard reports. */
export type Finding = DeepReadonly<z.infer<typeof findingSchema>>;

/** Names a planned step: its id (`5.2-drain`), its node, and what people call it. */
export interface StepRef {
  readonly step: string;
  readonly node: string;
  readonly title: string;
}

/** Everything that a command can report while it works. Renderers are exhaustive switches over `type`. */
export type RunEvent = DeepReadonly<z.infer<typeof eventSchema>>;

/** An event without its time, as rooms emit it. */
export type NewEvent = RunEvent extends infer E ? (E extends { at: string } ? Omit<E, 'at'> : never) : never;
export type Emit = (event: NewEvent) => void;
