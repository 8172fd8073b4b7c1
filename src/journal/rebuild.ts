import type { Plan, PlanStep } from '../plan/plan.ts';
import { stepKey } from '../plan/key.ts';
import type { Copy } from './copies.ts';
import { foldJournal } from './progress.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalRecord } from './record.ts';
import { type RunStore, writeSynced } from './store.ts';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

/** An attempt that a node knows. */
export interface FoundAttempt {
  readonly node: string;
  readonly id: string;
}

/** The host name of attempts that ran on the operator's own machine. */
const LOCAL = 'local';

/**
 * Pure: a copy's records, then a `started` for every attempt that the nodes know and the copy does not: its outcome is
 * asked of the node. Attempts of `on: local` steps belong to the machine that made them: without an end they count as
 * cut off, which asks the operator wherever that matters.
 */
export function rebuildRecords(copy: Copy, found: readonly FoundAttempt[], now: number): JournalRecord[] {
  const progress = foldJournal(copy.records);
  const added: JournalBody[] = [];
  for (const { step, host, attempt } of attemptsOf(copy.plan, found)) {
    if (attempt <= (progress.steps.get(stepKey(step.node, step.id))?.attempts ?? 0)) continue;
    const scriptDigest = 'known to the node only';
    added.push({ type: 'attempt-started', step: step.id, node: step.node, attempt, host, scriptDigest });
  }
  for (const step of copy.plan.phases.flatMap((phase) => phase.steps)) {
    const known = progress.steps.get(stepKey(step.node, step.id));
    if (known?.last?.host !== LOCAL || known.last.ended) continue;
    const state = { kind: 'interrupted', rebooted: false } as const;
    added.push({ type: 'attempt-ended', step: step.id, node: step.node, attempt: known.last.attempt, state });
  }
  const at = new Date(now).toISOString();
  const first = copy.records.length + 1;
  return [...copy.records, ...added.map((body, index) => ({ v: JOURNAL_VERSION, seq: first + index, at, ...body }))];
}

/** Attempts in the plan's order; ids that are none of its steps' are left out. */
function attemptsOf(plan: Plan, found: readonly FoundAttempt[]) {
  return plan.phases
    .flatMap((phase) => phase.steps)
    .flatMap((step) =>
      found
        .flatMap(({ node, id }) => {
          const attempt = numberOf(step, id);
          return attempt === undefined ? [] : [{ step, host: node, attempt }];
        })
        .toSorted((a, b) => a.attempt - b.attempt),
    );
}

/** Ids are `<step>.<node>.<attempt>`. */
function numberOf(step: PlanStep, id: string): number | undefined {
  const prefix = `${step.id}.${step.node}.`;
  const rest = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  return /^[1-9]\d*$/.test(rest) ? Number(rest) : undefined;
}

/**
 * Writes the run into the state folder as if it had been here all along; a journal that knew less is kept beside it.
 */
export async function writeRebuilt(store: RunStore, copy: Copy, records: readonly JournalRecord[]): Promise<void> {
  const { journal, path } = await store.create(copy.run, copy.plan, { nodes: {} });
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await rename(journal, join(path, `journal.before-${copy.epoch}.jsonl`)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await writeSynced(journal, text);
}
