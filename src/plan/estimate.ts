import type { Action } from '../actions/action.ts';
import { run } from '../actions/run.ts';
import { stepsOfPhase } from './all-steps.ts';
import type { Plan, PlanPhase, PlanStep } from './plan.ts';

/** Where an action says nothing. Milliseconds, like all here. */
const UNKNOWN = 30_000;

export type Actions = ReadonlyMap<string, Action>;

/** How long one attempt of a step usually takes, whether it is due or not. */
export function usualDuration(step: Pick<PlanStep, 'action' | 'timeout'>, actions: Actions): number {
  return usualOf(step.action === run.name ? run : actions.get(step.action), step.timeout);
}

/** How long an action usually takes, never more than a step's time limit allows (0: it has none). */
export function usualOf(action: Pick<Action, 'usually' | 'settle'> | undefined, timeout: number): number {
  const { usually = UNKNOWN, settle = 0 } = action ?? {};
  return timeout > 0 ? Math.min(usually, timeout + settle) : usually;
}

/** Whether the plan expects the step to change something, or to look and wait. */
export function isDue({ predicted }: Pick<PlanStep, 'predicted'>): boolean {
  return predicted.outcome === 'change' || predicted.outcome === 'read';
}

/**
 * How long the rest of a plan usually takes: its batches one after another, the nodes of a batch side by side. No
 * failure, no wait for a budget, a person or a gate is in it.
 * @param settled tells steps that have ended already; none unless given
 */
export function estimatePlan(
  plan: Pick<Plan, 'phases'>,
  actions: Actions,
  settled: (step: PlanStep) => boolean = () => false,
): number {
  return sum(plan.phases.map((phase) => estimatePhase(phase, actions, settled)));
}

function estimatePhase(phase: PlanPhase, actions: Actions, settled: (step: PlanStep) => boolean): number {
  const byNode = new Map<string, number>();
  for (const step of stepsOfPhase(phase)) {
    if (!isDue(step) || settled(step)) continue;
    byNode.set(step.node, (byNode.get(step.node) ?? 0) + usualDuration(step, actions));
  }
  return sum(phase.batches.map((batch) => Math.max(0, ...batch.map((node) => byNode.get(node) ?? 0))));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
