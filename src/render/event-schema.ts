import { z } from 'zod';

const names = z.array(z.string()).readonly();
const at = z.string().describe('ISO 8601');
const milliseconds = z.number().describe('Milliseconds');
const outcome = z.enum(['changed', 'unchanged', 'skipped', 'failed', 'unknown']);
const step = {
  at,
  step: z.string().describe('Id of the planned step, e.g. 5.2-drain'),
  node: z.string(),
  title: z.string(),
};

const span = z.strictObject({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  endLine: z.exactOptional(z.number()),
  endColumn: z.exactOptional(z.number()),
  text: z.exactOptional(z.string()),
});

const diagnostic = z.strictObject({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  summary: z.string(),
  detail: z.exactOptional(z.string()),
  span: z.exactOptional(span),
});

const finding = z.strictObject({
  guard: z.string(),
  severity: z.enum(['refuse', 'warn', 'note']),
  node: z.exactOptional(z.string()),
  step: z.exactOptional(z.string()),
  summary: z.string(),
  remedy: z.string(),
  source: z.string(),
  overridden: z.exactOptional(z.string()),
});

/** The same type as RunEvent (a test holds the two together), as a schema: one line of `--output json`. */
export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('diagnostic'), at, diagnostic }),
  z.strictObject({ type: z.literal('connecting'), at, nodes: names }),
  z.strictObject({ type: z.literal('connected'), at, node: z.string() }),
  z.strictObject({ type: z.literal('facts'), at, nodes: names }),
  z.strictObject({ type: z.literal('finding'), at, finding }),
  z.strictObject({
    type: z.literal('step-planned'),
    ...step,
    phase: z.number(),
    outcome: z.enum(['change', 'unchanged', 'skipped', 'read']),
    reason: z.string(),
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
  }),
  z.strictObject({ type: z.literal('phase-finished'), at, phase: z.number(), name: z.string() }),
  z.strictObject({
    type: z.literal('step-started'),
    ...step,
    attempt: z.number(),
    commands: names,
    reattached: z.boolean(),
  }),
  z.strictObject({ type: z.literal('step-output'), ...step, stream: z.enum(['stdout', 'stderr']), text: z.string() }),
  z.strictObject({ type: z.literal('step-progress'), ...step, message: z.string() }),
  z.strictObject({ type: z.literal('step-retry'), ...step, attempt: z.number(), reason: z.string() }),
  z.strictObject({
    type: z.literal('step-finished'),
    ...step,
    outcome,
    reason: z.string(),
    duration: milliseconds,
    tail: z.exactOptional(names).describe('The last lines of output, where it failed'),
    log: z.exactOptional(z.string()).describe('Path of the kept output'),
  }),
  z.strictObject({ type: z.literal('connection-lost'), at, node: z.string(), reason: z.string() }),
  z.strictObject({ type: z.literal('reconnected'), at, node: z.string() }),
  z.strictObject({ type: z.literal('stopping'), at, reason: z.string() }),
  z.strictObject({
    type: z.literal('run-finished'),
    at,
    run: z.string(),
    outcome: z.enum(['done', 'failed', 'refused', 'stopped']),
    counts: z.strictObject({
      changed: z.number(),
      unchanged: z.number(),
      skipped: z.number(),
      failed: z.number(),
      unknown: z.number(),
    }),
    duration: milliseconds,
    next: names.describe('What to do next; empty when done'),
    leftOut: z
      .exactOptional(z.array(z.strictObject({ node: z.string(), reason: z.string() })).readonly())
      .describe('Nodes that the runbook let be left out'),
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
  return {
    ...z.toJSONSchema(eventSchema, {
      // Says that TypeScript's type is readonly: nothing that a reader of JSON could use.
      override: ({ jsonSchema }) => delete jsonSchema.readOnly,
    }),
    title: 'One event of a runbook run',
  };
}
