import { noOutcomes, type OutcomeCounts } from '../event.ts';
import { isSettled } from '../journal/progress.ts';
import { type BoundPhase, stepsOnNode } from '../plan/bind.ts';
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
export function endedBefore({ progress }: Pick<RunContext, 'progress'>, bound: BoundPhase): EndedBefore[] {
  return bound.phase.batches.flat().flatMap((node) => {
    const known = stepsOnNode(bound, node).map((step) => progress.get(step.key));
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
