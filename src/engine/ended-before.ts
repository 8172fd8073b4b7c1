import { noOutcomes, type OutcomeCounts } from '../event.ts';
import { nextPass } from '../journal/passes.ts';
import { isSettled } from '../journal/progress.ts';
import type { BoundPhase, PlannedStep } from '../plan/bind.ts';
import type { PlanPhase } from '../plan/plan.ts';
import type { RunContext } from './context.ts';

/** What of a phase had ended on a node when this process came to the phase. */
export interface EndedBefore {
  readonly node: string;
  readonly counts: OutcomeCounts;
  /** Milliseconds of those steps together. */
  readonly duration: number;
  /** Steps that have not ended. */
  readonly open: number;
  /** Why the node was left out. */
  readonly leftOut?: string;
}

/** In the order of work; nodes without an ended step are not in it. */
export function endedBefore(
  { progress }: Pick<RunContext, 'progress'>,
  { phase, rows, ends }: BoundPhase,
): EndedBefore[] {
  return phase.batches.flat().flatMap((node) => {
    const [row, last] = [rows.get(node) ?? [], ends.get(node) ?? []];
    const again = doneAgain(progress, phase, node, row, last);
    const known = [...row, ...last].map(({ id, key }) => (again.includes(id) ? undefined : progress.get(key)));
    const counts = noOutcomes();
    let [duration, open] = [0, 0];
    for (const one of known) {
      if (one?.outcome === undefined || !isSettled(one)) {
        open += 1;
        continue;
      }
      counts[one.outcome] += 1;
      duration += one.duration ?? 0;
    }
    if (open === known.length) return [];
    const out = known.find((one) => one?.leavesOut === true);
    return [{ node, counts, duration, open, ...(out ? { leftOut: out.reason ?? '' } : {}) }];
  });
}

/** Steps that the next pass of a node begins with clearing: where its end ran after a failure. */
function doneAgain(
  progress: RunContext['progress'],
  phase: PlanPhase,
  node: string,
  row: readonly PlannedStep[],
  ends: readonly PlannedStep[],
): readonly string[] {
  const isOpen = row.some(({ key }) => !isSettled(progress.get(key)));
  const hasEnded = ends.some(({ key }) => progress.get(key)?.outcome !== undefined);
  return isOpen && hasEnded ? nextPass(phase, node, progress).again : [];
}
