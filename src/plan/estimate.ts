import type { Action } from '../actions/action.ts';
import { run } from '../actions/run.ts';
import { stepsOfPhase } from './all-steps.ts';
import { Durations, type Expected, kindOf, type Measured, minorOf } from './expected.ts';
import type { Plan, PlanNode, PlanPhase, PlanStep } from './plan.ts';

/** Where an action says nothing. Milliseconds, like all here. */
const UNKNOWN = 30_000;

export type Actions = ReadonlyMap<string, Action>;

const NONE: Actions = new Map();

type Estimated = Pick<Plan, 'phases' | 'nodes' | 'expected'>;

/** How long one attempt of a step takes, whether it is due or not. */
export type Takes = (step: PlanStep) => number;

/** How long each due step takes by what was measured in earlier runs, else as its action usually does. */
export function expectedOf(
  { phases, nodes, inputs }: Pick<Plan, 'phases' | 'nodes' | 'inputs'>,
  measured: readonly Measured[],
  actions: Actions,
): Expected[] {
  const durations = new Durations(measured);
  const roles = rolesOf(nodes);
  const expected = new Map<string, Expected>();
  for (const phase of phases) {
    const minor = minorOf(phase, inputs);
    for (const step of stepsOfPhase(phase)) {
      const role = roles.get(step.node) ?? 'other';
      const key = keyOf(step.id, role);
      if (!isDue(step) || expected.has(key)) continue;
      const known = durations.of(kindOf(step, role, minor));
      expected.set(key, { step: step.id, role, ...(known ?? { takes: usualDuration(step, actions) }) });
    }
  }
  return [...expected.values()];
}

/**
 * By the plan's own expectations; a plan that has none, or none for the step, by what its action usually takes.
 * @param actions not needed where the plan has an expectation of each due step
 */
export function takesOf({ nodes, expected = [] }: Pick<Plan, 'nodes' | 'expected'>, actions: Actions = NONE): Takes {
  const roles = rolesOf(nodes);
  const byStep = new Map(expected.map(({ step, role, takes }) => [keyOf(step, role), takes]));
  return (step) => byStep.get(keyOf(step.id, roles.get(step.node) ?? 'other')) ?? usualDuration(step, actions);
}

/** Whether the plan expects the step to change something, or to look and wait. */
export function isDue({ predicted }: Pick<PlanStep, 'predicted'>): boolean {
  return predicted.outcome === 'change' || predicted.outcome === 'read';
}

/**
 * How long the rest of a plan takes: its batches one after another, the nodes of a batch side by side. No failure, no
 * wait for a budget, a person or a gate is in it.
 * @param settled tells steps that have ended already; none unless given
 */
export function estimatePlan(
  plan: Estimated,
  actions: Actions = NONE,
  settled: (step: PlanStep) => boolean = () => false,
): number {
  const takes = takesOf(plan, actions);
  return sum(plan.phases.map((phase) => phaseTakes(phase, timesByNode(phase, takes, settled))));
}

/** By node, how long what is due of a phase takes. */
export function timesByNode(
  phase: PlanPhase,
  takes: Takes,
  settled: (step: PlanStep) => boolean = () => false,
): Map<string, number> {
  const byNode = new Map<string, number>();
  for (const step of stepsOfPhase(phase)) {
    if (!isDue(step) || settled(step)) continue;
    byNode.set(step.node, (byNode.get(step.node) ?? 0) + takes(step));
  }
  return byNode;
}

/** Its batches one after another. */
export function phaseTakes(phase: PlanPhase, byNode: ReadonlyMap<string, number>): number {
  return sum(batchTimes(phase, byNode));
}

/** The longest node of each batch. */
export function batchTimes(phase: PlanPhase, byNode: ReadonlyMap<string, number>): number[] {
  return phase.batches.map((batch) => Math.max(0, ...batch.map((node) => byNode.get(node) ?? 0)));
}

/** Never more than the step's time limit allows (0: it has none). */
function usualDuration({ action, timeout }: Pick<PlanStep, 'action' | 'timeout'>, actions: Actions): number {
  const { usually = UNKNOWN, settle = 0 } = (action === run.name ? run : actions.get(action)) ?? {};
  return timeout > 0 ? Math.min(usually, timeout + settle) : usually;
}

export function rolesOf(nodes: Plan['nodes']): Map<string, PlanNode['role']> {
  return new Map(nodes.map(({ name, role }) => [name, role]));
}

function keyOf(step: string, role: string): string {
  return `${role}/${step}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
