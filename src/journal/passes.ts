import { actions } from '../actions/registry.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanPhase, PlanStep } from '../plan/plan.ts';
import { stepsOfPhase } from '../plan/all-steps.ts';
import { isSettled, type StepProgress } from './progress.ts';

type Known = ReadonlyMap<string, StepProgress>;

/** One way of a node through a phase with `always` steps: its steps, then those. */
export interface Pass {
  /** 1-based. */
  readonly pass: number;
  /** Ids of the node's steps whose outcome does not count in it. */
  readonly again: readonly string[];
}

/**
 * The pass after the one that has ended: its `always` steps are to run again, and the steps that one of them has undone
 * (or may have, where it failed).
 */
export function nextPass({ steps, always = [] }: PlanPhase, node: string, known: Known): Pass {
  const of = (step: PlanStep): StepProgress | undefined => known.get(stepKey(step.node, step.id));
  const ends = always.filter((step) => step.node === node);
  const undoes = (ref: string): boolean =>
    ends.some((end) => end.ref === ref && (of(end)?.outcome === 'changed' || of(end)?.outcome === 'failed'));
  const undone = steps.filter(
    (step) => step.node === node && step.undoneBy !== undefined && undoes(step.undoneBy) && isSettled(of(step)),
  );
  const over = ends.filter((end) => of(end)?.outcome !== undefined);
  return {
    pass: Math.max(1, ...ends.map((end) => of(end)?.pass ?? 1)) + 1,
    again: [...undone, ...over].map(({ id }) => id),
  };
}

/** What is known of a step at the beginning of a pass in which it is to run again. Attempts go on counting. */
export function cleared(step: StepProgress | undefined, pass: number): StepProgress {
  return { attempts: step?.attempts ?? 0, pass };
}

/**
 * The steps that a resume may run: those without an outcome, and on a node with such a step in a phase with `always`
 * also what a further pass runs again.
 */
export function openSteps({ phases }: Pick<Plan, 'phases'>, known: Known): ReadonlySet<PlanStep> {
  return new Set(
    phases.flatMap((phase) => {
      const steps = stepsOfPhase(phase);
      const open = new Set(steps.filter((step) => !isSettled(known.get(stepKey(step.node, step.id)))));
      if (!phase.always) return [...open];
      const nodes = new Set([...open].map(({ node }) => node));
      const always = new Set(phase.always);
      return steps.filter(
        (step) => open.has(step) || (nodes.has(step.node) && (step.undoneBy !== undefined || always.has(step))),
      );
    }),
  );
}

/** The nodes that have left the cluster in the run: nothing more runs on them, and they may be switched off. */
export function leftNodes({ phases }: Pick<Plan, 'phases'>, known: Known): ReadonlySet<string> {
  const leaving = phases
    .flatMap((phase) => stepsOfPhase(phase))
    .filter(({ action }) => actions.get(action)?.membership === 'leaves');
  const has = (step: PlanStep, ...outcomes: readonly unknown[]) =>
    outcomes.includes(known.get(stepKey(step.node, step.id))?.outcome);
  return new Set(leaving.filter((step) => has(step, 'changed', 'unchanged')).map(({ node }) => node));
}
