import { isSettled } from '../journal/progress.ts';
import { type BoundPhase, type PlannedStep, stepsOnNode } from '../plan/bind.ts';
import { isDue } from '../plan/estimate.ts';
import type { RunContext } from './context.ts';

type Known = Pick<RunContext, 'progress' | 'time'>;

/** Milliseconds, and what they come from. */
export interface Needed {
  readonly needed: number;
  readonly by: string;
}

/** Whether a step of the node in the phase has no outcome yet which a resume leaves alone. */
export function hasOpenSteps({ progress }: Pick<Known, 'progress'>, bound: BoundPhase, node: string): boolean {
  return stepsOnNode(bound, node).some(({ key }) => !isSettled(progress.get(key)));
}

/** How long the slowest of these nodes, which work side by side, would take for what is left of the phase. */
export function longestOf(known: Known, bound: BoundPhase, nodes: readonly string[]): Needed {
  const measured = longestSoFar(known, bound);
  const needed = Math.max(0, ...nodes.map((node) => neededBy(known, stepsOnNode(bound, node), measured)));
  return {
    needed,
    by: measured === undefined ? 'as its steps usually do' : 'as the longest node of this phase so far',
  };
}

/** The share of a whole node's time that its open steps have of what its steps usually take. */
function neededBy({ progress, time }: Known, row: readonly PlannedStep[], measured: number | undefined): number {
  const due = row.filter(({ planned }) => isDue(planned));
  const takes = (steps: readonly PlannedStep[]): number =>
    steps.reduce((sum, { planned }) => sum + time.takes(planned), 0);
  const rest = takes(due.filter(({ key }) => !isSettled(progress.get(key))));
  const whole = takes(due);
  if (measured === undefined || whole === 0) return rest;
  return (measured * rest) / whole;
}

/** Of the nodes that came through the phase with a change, in this run, by any controller. */
function longestSoFar({ progress }: Pick<Known, 'progress'>, bound: BoundPhase): number | undefined {
  const times = bound.phase.batches.flat().flatMap((node) => {
    const steps = stepsOnNode(bound, node).map(({ key }) => progress.get(key));
    const isThrough = steps.every((step) => isSettled(step) && step?.leavesOut !== true);
    if (!isThrough || !steps.some((step) => step?.outcome === 'changed')) return [];
    return [steps.reduce((sum, step) => sum + (step?.duration ?? 0), 0)];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}
