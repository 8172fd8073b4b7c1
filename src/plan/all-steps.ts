import type { Plan, PlanPhase, PlanStep } from './plan.ts';

/** Every planned step of a phase: its steps, then those that run at each node's end (`always`). */
export function stepsOfPhase({ steps, always = [] }: Pick<PlanPhase, 'steps' | 'always'>): readonly PlanStep[] {
  return [...steps, ...always];
}

/** Every planned step of a plan. */
export function stepsOfPlan({ phases }: Pick<Plan, 'phases'>): readonly PlanStep[] {
  return phases.flatMap(stepsOfPhase);
}
