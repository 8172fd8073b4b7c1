import { z } from 'zod';
import { outcomeSchema } from '../event.ts';
import type { DeepReadonly } from '../readonly.ts';

/**
 * The version of the saved form. Version 1, which has no hashes, and version 2, which lacks kinds of records, are still
 * read; a reader refuses any other.
 */
export const JOURNAL_VERSION = 3 as const;

const holder = z.object({ host: z.string(), pid: z.number().int(), user: z.string() });
const ref = { step: z.string(), node: z.string() };

/** How an attempt ended, as the node reports it. `refused`: the node accepted no claim, so nothing ran. */
const ended = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), code: z.number().int() }),
  z.object({ kind: z.literal('timed-out') }),
  z.object({ kind: z.literal('cancelled') }),
  z.object({ kind: z.literal('interrupted'), rebooted: z.boolean() }),
  z.object({ kind: z.literal('never-ran') }),
  z.object({ kind: z.literal('refused'), reason: z.string() }),
]);

/** The operator's answer for a step: it counts as done, it may be sent again, or it is left out. */
const treatment = z.enum(['done', 'again', 'skip']);

/** What every record has. */
const envelope = {
  v: z.union([z.literal(1), z.literal(2), z.literal(JOURNAL_VERSION)]),
  seq: z.number().int(),
  at: z.string(),
  /** The last member since version 2: over this record and all before it (chain.ts). */
  hash: z.string().exactOptional(),
};

// One flat object per kind: zod compiles those, and merges the two sides of an intersection value by value.
function record<const T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.object({ type: z.literal(type), ...envelope, ...shape });
}

export const recordSchema = z.discriminatedUnion('type', [
  record('run-started', { run: z.string(), plan: z.string(), epoch: z.number().int(), holder }),
  record('run-resumed', { epoch: z.number().int(), holder }),
  record('attempt-started', {
    ...ref,
    attempt: z.number().int(),
    /** Inventory name of the node that runs the script, or `local`. */
    host: z.string(),
    scriptDigest: z.string(),
  }),
  record('attempt-ended', {
    ...ref,
    attempt: z.number().int(),
    state: ended,
    /** What its script wrote to `$RUNBOOK_OUTPUT`. */
    outputs: z.record(z.string(), z.string()).exactOptional(),
    /** Why that was refused. */
    outputsProblem: z.string().exactOptional(),
  }),
  record('step-finished', {
    ...ref,
    outcome: outcomeSchema,
    reason: z.string(),
    /** Milliseconds. */
    duration: z.number(),
    /** The node is left out of the phase's further steps. */
    leavesOut: z.literal(true).exactOptional(),
    /** By name, what held it so that its node is left out (a PodDisruptionBudget: `demo/web`). */
    heldBy: z.array(z.string()).exactOptional(),
    /** It failed, and the runbook lets its node continue. */
    continued: z.literal(true).exactOptional(),
  }),
  record('pass-started', {
    phase: z.number().int(),
    node: z.string(),
    /** 1-based; the first one has no record. */
    pass: z.number().int(),
    /** Ids of the node's steps that are run again. */
    again: z.array(z.string()),
  }),
  record('step-treated', {
    ...ref,
    as: treatment,
    by: z.string(),
    /** Why, as the operator gave it. */
    reason: z.string().exactOptional(),
  }),
  record('guard-overridden', {
    guard: z.string(),
    /** Only on this node. Undefined: on all. */
    on: z.string().optional(),
    reason: z.string(),
    by: z.string(),
  }),
  record('run-stopped', {
    reason: z.string(),
    /** It is to go on later: everything that was begun is done. */
    paused: z.literal(true).exactOptional(),
  }),
  record('run-finished', {}),
  record('hook-started', { hook: z.string(), attempt: z.number().int() }),
  record('hook-ended', {
    hook: z.string(),
    attempt: z.number().int(),
    /** What went wrong with it. */
    problem: z.string().exactOptional(),
  }),
  record('run-abandoned', {
    reason: z.string(),
    /** Who closed it. Undefined: a new run was started in its place. */
    by: z.string().exactOptional(),
  }),
]);

export type JournalRecord = DeepReadonly<z.infer<typeof recordSchema>>;
/** One decision of a run, written before it is acted on. */
export type JournalBody = JournalRecord extends infer R
  ? R extends JournalRecord
    ? Omit<R, keyof typeof envelope>
    : never
  : never;
export type AttemptEnd = DeepReadonly<z.infer<typeof ended>>;
export type Treatment = z.infer<typeof treatment>;
export type Holder = DeepReadonly<z.infer<typeof holder>>;
