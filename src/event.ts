import { z } from 'zod';
import { diagnosticSchema } from './diagnostic.ts';
import type { DeepReadonly } from './readonly.ts';

const names = z.array(z.string());
const at = z.string().describe('When, ISO 8601 with milliseconds, UTC');
const milliseconds = z.number().describe('Milliseconds');
const node = z.string().describe('Name of the node in the inventory');
const nodes = names.describe('Names of nodes, in the order of the inventory');
const commands = names.describe('What it runs, for people');
const step = {
  step: z.string().describe('Id of the planned step, e.g. 5.2-drain; unique together with the node'),
  node,
  title: z.string().describe('What people call the step'),
};
const place = {
  phase: z.number().describe('Number of the phase, 1-based, over all hops'),
  phases: z.number().describe('Phases in all'),
  name: z.string().describe('Name of the phase'),
};

export const OUTCOMES = ['changed', 'unchanged', 'skipped', 'failed', 'unknown'] as const;
export const outcomeSchema = z.enum(OUTCOMES);
/** How a run ends, and a rehearsal of one. */
export const ENDINGS = ['done', 'failed', 'refused', 'stopped', 'paused'] as const;
const counts = z
  .strictObject({
    changed: z.number(),
    unchanged: z.number(),
    skipped: z.number(),
    failed: z.number(),
    unknown: z.number(),
  })
  .describe('How many planned steps have which outcome');
export const predictedSchema = z.enum(['change', 'unchanged', 'skipped', 'read']);

/** From the worst on. */
export const SEVERITIES = ['refuse', 'warn', 'note'] as const;

export const findingSchema = z.strictObject({
  guard: z.string().describe('Its name, as `runbook explain` takes it'),
  severity: z.enum(SEVERITIES).describe('refuse stops an apply (exit 3); warn and note are shown'),
  node: z.exactOptional(z.string()).describe('Name of the node in the inventory; without it: the cluster'),
  step: z.exactOptional(z.string()).describe('The planned step at which it would happen'),
  summary: z.string().describe('One line: what is wrong, with the values seen'),
  remedy: z.string().describe('What to do about it'),
  source: z.string().describe("The rule's source, e.g. Kubernetes version skew policy"),
  overridden: z.exactOptional(z.string()).describe("The operator's reason to override a refusal; it is a warning then"),
});

function event<const T extends string, S extends z.ZodRawShape>(type: T, description: string, shape: S) {
  return z.strictObject({ type: z.literal(type), at, ...shape }).describe(description);
}

/** A text that is known, found in the output of a step that failed. */
export const knownSchema = z.strictObject({
  id: z.string().describe('For `runbook explain ID`, e.g. etcd-no-space'),
  meaning: z.string().describe('One line'),
  remedy: z.string().describe('What to do about it'),
});

/** One line of `--output json`. */
export const eventSchema = z.discriminatedUnion('type', [
  event('diagnostic', 'A problem in a document.', { diagnostic: diagnosticSchema.describe('What, and where') }),
  event('connecting', 'It connects to these nodes.', { nodes }),
  event('connected', 'A node can be worked on.', { node }),
  event('facts', 'It reads the facts of these nodes.', {
    nodes,
    file: z.exactOptional(z.string()).describe('The facts file that has them: no node is contacted'),
    readAt: z.exactOptional(z.string()).describe('When those of the file were read, ISO 8601'),
  }),
  event('finding', 'What a guard found.', { finding: findingSchema.describe('What, where, and what to do') }),
  event('step-planned', 'One step of a plan, on one node (`plan`).', {
    ...step,
    phase: place.phase,
    outcome: predictedSchema.describe('What is to be expected; `read`: it only looks'),
    reason: z.string().describe('Why'),
    check: z.exactOptional(z.string()).describe('Its `check:`'),
    commands,
  }),
  event('planned', 'The plan is made.', {
    runbook: z.string().describe('Its name'),
    cluster: z.string().describe('Its name in the inventory'),
    digest: z.string().describe('Of the plan: sha256, hex'),
    nodes,
    steps: z.number().describe('Planned steps in all'),
    changes: z.number().describe('Of these, how many would change something'),
    from: z.exactOptional(names).describe('Releases of kubelets and API servers when it was made, the oldest first'),
  }),
  event('rehearsed', 'How the plan stands to the last rehearsal of its runbook on its cluster (`plan`, `apply`).', {
    rehearsed: z
      .enum(['never', 'same', 'moved', 'other'])
      .describe(
        '`same`: as planned now; `moved`: what a plan stands on has changed in the cluster since; `other`: `differs`',
      ),
    rehearsedAt: z.exactOptional(z.string()).describe('When, ISO 8601'),
    outcome: z.exactOptional(z.enum(ENDINGS)).describe('How it ended, as in `run-finished`'),
    where: z.exactOptional(z.string()).describe('Node and step at which it stopped'),
    differs: z
      .exactOptional(z.array(z.enum(['runbook', 'inputs', 'nodes'])))
      .describe('What was another in that rehearsal: the text of the runbook, inputs, nodes'),
    next: z
      .exactOptional(z.string())
      .describe(
        'The command that rehearses: before the first run on a cluster, and where the last rehearsal does not hold',
      ),
  }),
  event('run-started', '`apply` or `resume` begins to work on a run.', {
    run: z.string().describe('Id of the run'),
    runbook: z.string().describe('Its name'),
    cluster: z.string().describe('Its name in the inventory'),
    resumed: z.boolean().describe('An earlier process worked on it'),
    nodes,
    steps: z.number().describe('Planned steps in all'),
    done: z.number().describe('Of these, how many have an outcome already'),
    left: z.exactOptional(milliseconds).describe('How long the rest is expected to take, in milliseconds'),
  }),
  event('nothing-to-resume', '`resume` finds nothing to continue.', {
    run: z.exactOptional(z.string()).describe('Id of the run that is over'),
    state: z.enum(['none', 'done', 'abandoned']).describe('How that run ended; `none`: there is none'),
    reason: z.string().describe('Why'),
  }),
  event('phase-started', 'A phase begins, or is taken up by a resume.', {
    ...place,
    nodes,
    before: z
      .exactOptional(
        z.array(
          z.strictObject({
            node,
            counts,
            duration: milliseconds,
            open: z.number().describe('Steps that have not ended'),
            leftOut: z.exactOptional(z.string()).describe('Why the node was left out'),
          }),
        ),
      )
      .describe('What had ended before the resume, by node'),
  }),
  event('phase-skipped', 'Nothing of a phase is done.', {
    ...place,
    reason: z.string().describe('Why'),
  }),
  event('waiting', 'The run waits between two batches of a phase.', {
    phase: place.phase,
    message: z.string().describe('What the run waits for before the next batch of the phase: a pause or a gate'),
  }),
  event('phase-finished', 'All nodes of a phase have been worked on.', { phase: place.phase, name: place.name }),
  event('step-started', 'An attempt of a step begins, or is followed again.', {
    ...step,
    attempt: z.number().describe('1-based'),
    commands,
    reattached: z.boolean().describe('An earlier process started it'),
    limit: z.exactOptional(z.number()).describe('Milliseconds that an attempt may take; absent: no limit'),
  }),
  event('step-output', 'What a step prints.', {
    ...step,
    stream: z.enum(['stdout', 'stderr']).describe('Where it was printed'),
    text: z.string().describe('Complete lines; the last one may lack its newline'),
  }),
  event('step-progress', 'What a step waits for.', { ...step, message: z.string().describe('For people') }),
  event('step-retry', 'An attempt failed, and another one follows.', {
    ...step,
    attempt: z.number().describe('The next one, 1-based'),
    reason: z.string().describe('Why the last one failed'),
  }),
  event('step-finished', 'A step has its outcome, and it is in the journal.', {
    ...step,
    outcome: outcomeSchema.describe('`unknown`: it cannot be determined, and the operator is asked'),
    reason: z.string().describe('Why'),
    duration: milliseconds,
    left: z.exactOptional(milliseconds).describe('How long the rest of the run is expected to take, in milliseconds'),
    outputs: z.exactOptional(z.record(z.string(), z.string())).describe('What it wrote to $RUNBOOK_OUTPUT'),
    tail: z.exactOptional(names).describe('The last lines of output, where it failed'),
    known: z
      .exactOptional(z.array(knownSchema))
      .describe('Known texts in its last 200 lines of output, most specific first'),
    log: z.exactOptional(z.string()).describe('Path of the kept output'),
    continued: z.exactOptional(z.literal(true)).describe('It failed, and the node continues (`continueOnError`)'),
    leavesOut: z.exactOptional(z.literal(true)).describe("The node is left out of the phase's further steps"),
  }),
  event('connection-lost', 'The connection to a node broke; its step continues there.', {
    node,
    reason: z.string().describe('Why'),
  }),
  event('reconnected', 'The connection is there again.', { node }),
  event('stopping', 'The run starts nothing new.', { reason: z.string().describe('Why') }),
  event('run-finished', 'The run came to an end; the summary of all of it.', {
    run: z.string().describe('Id of the run'),
    outcome: z
      .enum(ENDINGS)
      .describe('paused: everything that was begun is done, and `runbook resume` continues (exit 0)'),
    reason: z.exactOptional(z.string()).describe('Why it ended so, where no step is the cause'),
    counts: counts.describe('Of the whole run, as all that follows'),
    duration: milliseconds.describe('Milliseconds in which a process worked on the run, without the time in between'),
    resumed: z.exactOptional(z.number()).describe('How many times it was resumed'),
    startedAt: z.exactOptional(z.string()).describe('When the run began, ISO 8601'),
    nodes: z
      .exactOptional(z.array(z.strictObject({ node, counts, notDone: z.exactOptional(z.literal(true)) })))
      .describe('Those with an outcome, in the order of the inventory; `notDone`: a step ended the work there'),
    continued: z
      .exactOptional(z.array(z.strictObject({ node, step: z.string() })))
      .describe('Steps that failed, and their node continued (`continueOnError`)'),
    leftRunning: z
      .exactOptional(z.array(z.strictObject({ host: z.string(), node, step: z.string(), title: z.string() })))
      .describe('Steps that continue on `host`, a node or `local`; a resume takes their results'),
    cordoned: z
      .exactOptional(z.array(z.strictObject({ node, before: z.boolean() })))
      .describe('Nodes of the run that stay cordoned; `before`: they were when it was planned'),
    next: names.describe('What to do next, as commands or sentences; empty when done'),
    leftOut: z
      .exactOptional(z.array(z.strictObject({ node, reason: z.string().describe('Why') })))
      .describe('Nodes that the runbook left out, and why. A new apply, not resume, takes them up'),
  }),
  event('message', 'Something to know that has no event of its own.', {
    level: z.enum(['info', 'warning', 'error']).describe('How much it matters'),
    text: z.string().describe('One line'),
    detail: names.describe('What belongs to it: the cause, what to do'),
  }),
]);

/** The JSON Schema (draft 2020-12) of one line of `--output json`. */
export function eventJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(eventSchema), title: 'One event of a runbook run' };
}

/** How a planned step ended. `unknown`: it cannot be determined; the operator is asked. */
export type Outcome = z.infer<typeof outcomeSchema>;

/** Whether someone must look at the step: it failed, or no one knows how it ended. */
export function isBad(outcome: string | undefined): boolean {
  return outcome === 'failed' || outcome === 'unknown';
}

export type OutcomeCounts = Record<Outcome, number>;

export function noOutcomes(): OutcomeCounts {
  return { changed: 0, unchanged: 0, skipped: 0, failed: 0, unknown: 0 };
}

/** What a known text says. */
export type KnownCause = DeepReadonly<z.infer<typeof knownSchema>>;

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
