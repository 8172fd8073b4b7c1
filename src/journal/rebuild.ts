import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import type { Plan } from '../plan/plan.ts';
import { LOCAL, mayRunOn } from '../plan/hosts.ts';
import { stepKey } from '../plan/key.ts';
import type { Agreed } from './agreement.ts';
import { sealedLine } from './chain.ts';
import { JournalLines } from './lines.ts';
import { nextPass } from './passes.ts';
import { isSettled } from './progress.ts';
import { JOURNAL_VERSION, type JournalBody } from './record.ts';
import { type RunStore, writeSynced } from './store.ts';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

/** An attempt that a node knows. */
export interface FoundAttempt {
  readonly node: string;
  readonly id: string;
}

/**
 * Pure: what a majority keeps, then a `started` for every attempt that the nodes know and it does not: its outcome is
 * asked of the node. Attempts of `on: local` steps belong to the machine that made them: without an end they count as
 * cut off, which asks the operator wherever that matters.
 * @returns the lines of the journal
 */
export function rebuildLines(
  { plan, lines, progress }: Agreed,
  found: readonly FoundAttempt[],
  now: number,
): readonly string[] {
  const added: JournalBody[] = [];
  const last = new Map([...progress.steps].map(([key, { attempts }]) => [key, attempts]));
  const begun = new Set<string>();
  for (const { phase, step, host, attempt } of attemptsOf(plan, found)) {
    const key = stepKey(step.node, step.id);
    if (attempt <= (last.get(key) ?? 0)) continue;
    // Nothing is done again but in a further pass of its node, whose record was lost too.
    const way = `${phase.number} ${step.node}`;
    if (phase.always && isSettled(progress.steps.get(key)) && !begun.has(way)) {
      begun.add(way);
      const { pass, again } = nextPass(phase, step.node, progress.steps);
      added.push({ type: 'pass-started', phase: phase.number, node: step.node, pass, again });
    }
    last.set(key, attempt);
    const scriptDigest = 'known to the node only';
    added.push({ type: 'attempt-started', step: step.id, node: step.node, attempt, host, scriptDigest });
  }
  for (const step of stepsOfPlan(plan)) {
    const known = progress.steps.get(stepKey(step.node, step.id));
    if (known?.last?.host !== LOCAL || known.last.ended) continue;
    const state = { kind: 'interrupted', rebooted: false } as const;
    added.push({ type: 'attempt-ended', step: step.id, node: step.node, attempt: known.last.attempt, state });
  }
  const at = new Date(now).toISOString();
  const journal = new JournalLines();
  for (const line of lines) journal.add(line);
  for (const body of added) {
    const record = { v: JOURNAL_VERSION, seq: journal.records.length + 1, at, ...body };
    journal.add(sealedLine(journal.hash, record).line);
  }
  return journal.lines;
}

/** Attempts in the plan's order; left out are ids of no step, and what a node says of a step that never runs there. */
function attemptsOf(plan: Plan, found: readonly FoundAttempt[]) {
  const known = new Map<string, { readonly host: string; readonly attempt: number }[]>();
  for (const { node: host, id } of found) {
    const [, step, attempt] = ATTEMPT.exec(id) ?? [];
    if (step === undefined) continue;
    const of = known.get(step) ?? [];
    known.set(step, of);
    of.push({ host, attempt: Number(attempt) });
  }
  return plan.phases.flatMap((phase) =>
    stepsOfPhase(phase).flatMap((step) =>
      (known.get(`${step.id}.${step.node}`) ?? [])
        .filter(({ host }) => mayRunOn(plan, step, host))
        .map((one) => ({ phase, step, ...one }))
        .toSorted((a, b) => a.attempt - b.attempt),
    ),
  );
}

/** Ids are `<step>.<node>.<attempt>`. */
const ATTEMPT = /^(.+)\.([1-9]\d*)$/s;

/**
 * Writes the run into the state folder as if it had been here all along; a journal that knew less is kept beside it.
 */
export async function writeRebuilt(store: RunStore, agreed: Agreed, lines: readonly string[]): Promise<void> {
  const { journal, path } = await store.create(agreed.run, agreed.plan, { nodes: {} });
  const aside = join(path, `journal.before-${agreed.progress.epoch}.jsonl`);
  await rename(journal, aside).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await writeSynced(journal, lines.map((line) => `${line}\n`).join(''));
}
