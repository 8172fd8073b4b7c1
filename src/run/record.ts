import { randomBytes } from 'node:crypto';
import type { Facts } from '../facts/facts.ts';
import type { LockNodes } from '../journal/copies.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import { Mirror } from '../journal/mirror.ts';
import type { StepProgress } from '../journal/progress.ts';
import type { RunStore } from '../journal/store.ts';
import type { Plan } from '../plan/plan.ts';
import type { Console } from './console.ts';
import type { Held, Locks } from './locks.ts';

/** The journal of a run, its copies on the nodes, and what it states so far. */
export interface RunRecord {
  readonly journal: Journal;
  readonly mirror: Mirror;
  readonly run: string;
  readonly epoch: number;
  /** What processes before this one did: how many resumes there are, this one included, and milliseconds of work. */
  readonly resumed: number;
  readonly worked: number;
  /** When the run began, ISO 8601. */
  readonly startedAt: string;
  readonly steps: Map<string, StepProgress>;
}

/** Begins the journal of a new run. @throws Failure when the state folder cannot be written */
export async function createRecord(
  console: Console,
  store: RunStore,
  plan: Plan,
  facts: Facts,
  held: Held,
  { copyNodes }: Locks,
): Promise<RunRecord> {
  const { epoch, holder } = held;
  const { run, host, pid, user } = holder;
  const folder = await store.create(run, plan, facts);
  const mirror = mirrorOf(console, copyNodes, run, epoch, JSON.stringify(plan));
  await console.watch.begin(plan, () => Promise.resolve([]));
  const { journal } = await openJournal(folder.journal, Date.now, (line) => {
    mirror.push(line);
    console.watch.line(line);
  });
  await journal.append({ type: 'run-started', run, plan: plan.digest, epoch, holder: { host, pid, user } });
  for (const { guard, node, reason } of plan.overrides ?? []) {
    const on = node === undefined ? {} : { on: node };
    await journal.append({ type: 'guard-overridden', guard, ...on, reason, by: user });
  }
  return { journal, mirror, run, epoch, resumed: 0, worked: 0, startedAt: holder.startedAt, steps: new Map() };
}

/** Continues the journal of a run. */
export async function reopenRecord(
  console: Console,
  store: RunStore,
  plan: Plan,
  held: Held,
  { copyNodes }: Locks,
): Promise<RunRecord> {
  const { run, host, pid, user } = held.holder;
  let mirror: Mirror | undefined;
  const { plan: text, journal: before } = copyNodes.nodes.length === 0 ? { plan: '' } : await store.wholeCopy(run);
  await console.watch.begin(plan, () => store.records(run));
  const { journal, progress } = await store.reopen(run, plan, Date.now, (line) => {
    mirror?.push(line);
    console.watch.line(line);
  });
  const epoch = Math.max(held.epoch, progress.epoch + 1);
  mirror = mirrorOf(console, copyNodes, run, epoch, text, before);
  await journal.append({ type: 'run-resumed', epoch, holder: { host, pid, user } });
  return {
    journal,
    mirror,
    run,
    epoch,
    resumed: progress.resumed + 1,
    worked: progress.worked,
    startedAt: progress.startedAt ?? plan.createdAt,
    steps: new Map(progress.steps),
  };
}

/** Milliseconds for which records gather before they go to the nodes: of so long a lost state folder knows nothing. */
const GATHER = 300;

function mirrorOf(
  console: Console,
  copyNodes: LockNodes,
  run: string,
  epoch: number,
  plan: string,
  before?: Buffer,
): Mirror {
  return new Mirror({ ...copyNodes, run, epoch, plan, gather: GATHER, say: console.warn }, before);
}

/** Sorts by time: `20260314-202533-upgrade-1-32-9f3c`. */
export function newRunId(plan: Plan): string {
  const time = new Date().toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const name = plan.runbook.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${time}-${name.slice(0, 40)}-${randomBytes(2).toString('hex')}`;
}
