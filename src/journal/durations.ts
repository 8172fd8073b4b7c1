import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { stepsOfPhase } from '../plan/all-steps.ts';
import { isDue, rolesOf } from '../plan/estimate.ts';
import { kindOf, type Measured, minorOf } from '../plan/expected.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { StepProgress } from './progress.ts';
import { type RunStore, writeSynced } from './store.ts';

/** How long the steps of a run took, beside its journal: a plan looks at many runs, and their journals are long. */
const DURATIONS = 'durations.json';
/** What a cluster took long ago says little about tonight. */
const MOST_RUNS = 20;

const durationsSchema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  steps: z.array(
    z.object({
      action: z.string(),
      name: z.string(),
      role: z.enum(['control-plane', 'worker', 'other']),
      minor: z.exactOptional(z.string()),
      /** Milliseconds. */
      durations: z.array(z.number().nonnegative()),
    }),
  ),
});
type KeptDurations = z.infer<typeof durationsSchema>;

/** Keeps what the run has measured so far. What cannot be written is left out: estimates alone use it. */
export async function keepDurations(
  store: RunStore,
  run: string,
  plan: Plan,
  progress: ReadonlyMap<string, StepProgress>,
): Promise<void> {
  const byKind = new Map<string, KeptDurations['steps'][number]>();
  for (const { duration, ...kind } of measuredIn(plan, progress)) {
    const key = JSON.stringify(kind);
    const { minor, ...rest } = kind;
    const known = byKind.get(key) ?? { ...rest, ...(minor !== undefined && { minor }), durations: [] };
    known.durations.push(duration);
    byKind.set(key, known);
  }
  if (byKind.size === 0) return;
  const kept: KeptDurations = { version: 1, cluster: plan.inventory.cluster, steps: [...byKind.values()] };
  await writeSynced(join(store.folder(run).path, DURATIONS), `${JSON.stringify(kept)}\n`).catch(() => undefined);
}

/** What the newest runs on that cluster took, as far as it is known here. */
export async function measuredOn(store: RunStore, cluster: string): Promise<Measured[]> {
  const measured: Measured[] = [];
  let runs = 0;
  for (const id of await store.ids()) {
    const kept = await readDurations(join(store.folder(id).path, DURATIONS));
    if (kept?.cluster !== cluster) continue;
    for (const { durations, ...kind } of kept.steps)
      measured.push(...durations.map((duration) => ({ ...kind, duration })));
    runs += 1;
    if (runs === MOST_RUNS) break;
  }
  return measured;
}

/** Of the steps that did or awaited what was planned, within one process: no time in which no one was there counts. */
export function measuredIn(plan: Plan, progress: ReadonlyMap<string, StepProgress>): Measured[] {
  const roles = rolesOf(plan.nodes);
  return plan.phases.flatMap((phase) => {
    const minor = minorOf(phase, plan.inputs);
    return stepsOfPhase(phase).flatMap((step): Measured[] => {
      const known = progress.get(stepKey(step.node, step.id));
      if (known?.duration === undefined || !isMeasure(step, known)) return [];
      return [{ ...kindOf(step, roles.get(step.node) ?? 'other', minor), duration: known.duration }];
    });
  });
}

function isMeasure(step: PlanStep, { outcome, interrupted, treated, leavesOut }: StepProgress): boolean {
  // How long a person thinks is not how long the next one will.
  if (!isDue(step) || step.action === 'approve' || interrupted || treated || leavesOut) return false;
  return outcome === 'changed' || (outcome === 'unchanged' && step.predicted.outcome === 'read');
}

async function readDurations(file: string): Promise<KeptDurations | undefined> {
  try {
    return durationsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}
