import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const minor = z.string().regex(/^1\.\d+$/);

const updateSchema = z.strictObject({
  id: z.string(),
  token: z.string(),
  /** What is updated: the cluster itself, a node group, an add-on. */
  of: z.enum(['cluster', 'nodegroup', 'addon']),
  name: z.string(),
  to: z.string(),
  status: z.enum(['InProgress', 'Successful', 'Failed']),
  createdAt: z.string(),
  /** Milliseconds since the epoch. */
  endsAt: z.number(),
  fails: z.boolean(),
});

const faultSchema = z.strictObject({
  /** The cluster's name or a node group's. */
  unit: z.string(),
  on: z.string(),
  /** `fail`: the update that the call begins ends as Failed. */
  effect: z.string(),
  times: z.number(),
});

const stateSchema = z.strictObject({
  cluster: z.strictObject({ name: z.string(), version: minor }),
  nodegroups: z.array(z.strictObject({ name: z.string(), version: minor, amiType: z.string() })),
  addons: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  insights: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(['PASSING', 'WARNING', 'ERROR', 'UNKNOWN']),
      reason: z.string(),
    }),
  ),
  /** How long an update takes, in seconds. */
  seconds: z.strictObject({ cluster: z.number(), nodegroup: z.number(), addon: z.number() }),
  updates: z.array(updateSchema),
  faults: z.array(faultSchema),
  /** Every call, in order. */
  calls: z.array(z.strictObject({ at: z.string(), line: z.string(), exit: z.number() })),
});

/** A managed cluster as its provider knows it. */
export type ManagedState = z.infer<typeof stateSchema>;
export type Update = z.infer<typeof updateSchema>;

/** Where a managed lab keeps it. */
export function stateFile(folder: string): string {
  return join(folder, 'eks.json');
}

export function readState(file: string): ManagedState {
  return stateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function writeState(file: string, state: ManagedState): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** One change at a time, also where several calls come at once. */
export function changeState<T>(file: string, change: (state: ManagedState) => T): T {
  const lock = `${file}.lock`;
  takeLock(lock);
  try {
    const state = readState(file);
    const result = change(state);
    writeState(file, state);
    return result;
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Milliseconds after which a lock is that of a call which was killed: each holds it for a few. */
const STALE = 2000;

function takeLock(lock: string): void {
  for (;;) {
    try {
      closeSync(openSync(lock, 'wx'));
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > STALE) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}
