import { isSettled, type StepProgress } from '../journal/progress.ts';
import { stepsOfPhase } from '../plan/all-steps.ts';
import { batchTimes, isDue, type Takes, timesByNode } from '../plan/estimate.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanPhase, PlanStep } from '../plan/plan.ts';

/** How long the rest of a run takes, kept as its steps end: each end costs no more than its own batch. Milliseconds. */
export class TimeLeft {
  readonly takes: Takes;
  /** By the keys of the due steps that have no outcome yet. */
  readonly #open = new Map<string, Batch>();
  #left = 0;

  constructor({ phases }: Pick<Plan, 'phases'>, takes: Takes, progress: ReadonlyMap<string, StepProgress>) {
    this.takes = takes;
    const isOpen = (step: PlanStep): boolean => isDue(step) && !isSettled(progress.get(keyOf(step)));
    for (const phase of phases) this.#add(phase, isOpen);
  }

  get left(): number {
    return this.#left;
  }

  /** The step has an outcome: what it would take is no longer left. */
  ended(step: PlanStep): void {
    const key = keyOf(step);
    const batch = this.#open.get(key);
    if (!batch) return;
    this.#open.delete(key);
    batch.byNode.set(step.node, Math.max(0, (batch.byNode.get(step.node) ?? 0) - this.takes(step)));
    const longest = Math.max(0, ...batch.nodes.map((node) => batch.byNode.get(node) ?? 0));
    this.#left = Math.max(0, this.#left - (batch.longest - longest));
    batch.longest = longest;
  }

  #add(phase: PlanPhase, isOpen: (step: PlanStep) => boolean): void {
    const byNode = timesByNode(phase, this.takes, (step) => !isOpen(step));
    const batches = batchTimes(phase, byNode).map((longest, index): Batch => {
      this.#left += longest;
      return { nodes: phase.batches[index] ?? [], byNode, longest };
    });
    const ofNode = new Map(batches.flatMap((batch) => batch.nodes.map((node) => [node, batch] as const)));
    for (const step of stepsOfPhase(phase).filter(isOpen)) {
      const batch = ofNode.get(step.node);
      if (batch) this.#open.set(keyOf(step), batch);
    }
  }
}

interface Batch {
  readonly nodes: readonly string[];
  readonly byNode: Map<string, number>;
  /** What its longest node takes. */
  longest: number;
}

function keyOf({ node, id }: PlanStep): string {
  return stepKey(node, id);
}
