import { stepsOfPhase } from './all-steps.ts';
import { isDue, type Takes } from './estimate.ts';
import type { Plan, PlanPhase, PlanStep } from './plan.ts';

/** When a due step would be at work. Milliseconds since the start of the run. */
export interface Slot {
  readonly step: PlanStep;
  readonly from: number;
  readonly to: number;
}

/**
 * When each due step is expected: phases and their batches one after another, the nodes of a batch side by side, as
 * `estimatePlan` adds them up. No failure, no wait for a budget, a person, a pause or a gate is in it.
 */
export function scheduleOf({ phases }: Pick<Plan, 'phases'>, takes: Takes): Slot[] {
  let start = 0;
  return phases.flatMap((phase) =>
    phase.batches.flatMap((batch) => {
      const slots = batch.flatMap((node) => slotsOf(phase, node, { start, takes }));
      start = Math.max(start, ...slots.map(({ to }) => to));
      return slots;
    }),
  );
}

function slotsOf(phase: PlanPhase, node: string, { start, takes }: { start: number; takes: Takes }): Slot[] {
  let at = start;
  return stepsOfPhase(phase)
    .filter((step) => step.node === node && isDue(step))
    .map((step) => {
      const from = at;
      at += takes(step);
      return { step, from, to: at };
    });
}
