import { openingAt } from '../engine/window.ts';
import type { FleetPlan, FleetStage } from './plan.ts';
import type { FleetEnd } from './record.ts';
import type { FleetState, StageState } from './state.ts';

/**
 * What a driver has to do now. It keeps the record of a start or an end before it does it, and neither is decided again
 * then; the others are decided until a record says that they have come to something.
 */
export type FleetAction =
  | { readonly type: 'start'; readonly cluster: string; readonly attempt: number }
  /** Asks the gate until it has held for its time, or its time is over. */
  | { readonly type: 'ask-gate'; readonly stage: string }
  /** The run of this cluster is asked to stop after the step that runs. */
  | { readonly type: 'stop'; readonly cluster: string }
  | { readonly type: 'end'; readonly outcome: FleetEnd; readonly reason: string };

/** What a fleet run waits for, for people. */
export type FleetWait =
  | { readonly for: 'clusters'; readonly stage: string; readonly clusters: readonly string[] }
  | { readonly for: 'gate'; readonly stage: string }
  /** Milliseconds since 1970. */
  | { readonly for: 'window' | 'soak'; readonly stage: string; readonly until: number }
  | { readonly for: 'approval'; readonly stage: string }
  | { readonly for: 'unpause'; readonly by: string };

export interface Decision {
  readonly actions: readonly FleetAction[];
  readonly waits: readonly FleetWait[];
  /** When to decide again though nothing has happened. Milliseconds since 1970. */
  readonly wakeAt?: number;
}

/** A stage with what has come of it. */
interface Known {
  readonly plan: FleetStage;
  readonly state: StageState;
}

/**
 * What is to be done at a moment: the only place that knows the order of a fleet run. Stages come one after the other;
 * what lies between two of them (soak, approval) belongs to the earlier one.
 * @param now milliseconds since 1970
 */
export function decideFleet(plan: FleetPlan, state: FleetState, now: number): Decision {
  if (state.ended) return { actions: [], waits: [] };
  const stages = knownStages(plan, state);
  if (state.cancelled) return cancelling(state.cancelled.reason, stages);
  // Behind the last stage with something to do nothing is waited for.
  const last = stages.findLastIndex(isAtWork);
  for (const stage of stages.slice(0, last + 1)) {
    const decision = isAtWork(stage) ? work(plan, stage, state, now) : betweenStages(stage, now);
    if (decision) return decision;
  }
  return { actions: [ending(stages)], waits: [] };
}

/**
 * The failed clusters that run again when a fleet run that has failed goes on: those of the stage that no other one came
 * after, and where every stage is over, all of them.
 */
export function againOf(plan: FleetPlan, state: FleetState): readonly string[] {
  const stages = knownStages(plan, state);
  const stopped = stages.find(isAtWork);
  return (stopped ? [stopped] : stages).flatMap((stage) => [...stage.state.failed]);
}

/** The stage whose end waits for approval, or will, once its soak is over; undefined: none. */
export function approvableStage(plan: FleetPlan, state: FleetState): string | undefined {
  if (state.ended || state.cancelled) return undefined;
  const stages = knownStages(plan, state);
  const at = stages.findIndex((stage) => isAtWork(stage) || isOpen(stage));
  const stage = stages[at];
  if (!stage || isAtWork(stage) || !stages.slice(at + 1).some(isAtWork)) return undefined;
  return stage.plan.name;
}

/** Over, and not approved yet. */
function isOpen({ plan, state }: Known): boolean {
  return plan.approve && state.lastEnd !== undefined && state.approvedBy === undefined;
}

function knownStages({ stages }: FleetPlan, state: FleetState): readonly Known[] {
  return stages.flatMap((plan) => {
    const known = state.stages.get(plan.name);
    return known ? [{ plan, state: known }] : [];
  });
}

function cancelling(reason: string, stages: readonly Known[]): Decision {
  const running = stages.flatMap(({ state }) => [...state.running]);
  if (running.length === 0) return { actions: [{ type: 'end', outcome: 'cancelled', reason }], waits: [] };
  return {
    actions: running.map((cluster) => ({ type: 'stop', cluster })),
    waits: [{ for: 'clusters', stage: '', clusters: running }],
  };
}

/** Clusters of it run or wait, or it is what ends the run. */
function isAtWork({ plan, state }: Known): boolean {
  return state.waiting.size > 0 || state.running.size > 0 || state.failed.size > plan.maxFailures;
}

/** What stands between a stage and the next one; undefined: nothing any more. */
function betweenStages({ plan, state }: Known, now: number): Decision | undefined {
  // A stage in which nothing ran has shown nothing that could be waited for.
  if (state.lastEnd === undefined) return undefined;
  const until = state.lastEnd + plan.soak;
  if (now < until) return { actions: [], waits: [{ for: 'soak', stage: plan.name, until }], wakeAt: until };
  if (!plan.approve || state.approvedBy !== undefined) return undefined;
  return { actions: [], waits: [{ for: 'approval', stage: plan.name }] };
}

function work(plan: FleetPlan, stage: Known, { pausedBy, clusters }: FleetState, now: number): Decision {
  const { name, maxConcurrent, gate } = stage.plan;
  const running = [...stage.state.running];
  const forRunning = running.length > 0 ? [{ for: 'clusters', stage: name, clusters: running } as const] : [];
  const broken = whyBroken(stage);
  if (broken !== undefined)
    return running.length > 0
      ? { actions: [], waits: forRunning }
      : { actions: [{ type: 'end', outcome: 'failed', reason: broken }], waits: [] };
  const next = firstOf(stage.state.waiting, maxConcurrent - running.length);
  if (next.length === 0) return { actions: [], waits: forRunning };
  if (pausedBy !== undefined) return { actions: [], waits: [...forRunning, { for: 'unpause', by: pausedBy }] };
  const { startable, opensAt } = inWindow(plan, stage.plan, next, now);
  if (startable.length === 0 && opensAt !== undefined)
    return {
      actions: [],
      waits: [...forRunning, { for: 'window', stage: name, until: opensAt }],
      wakeAt: opensAt,
    };
  if (gate && !stage.state.gateHeld)
    return { actions: [{ type: 'ask-gate', stage: name }], waits: [...forRunning, { for: 'gate', stage: name }] };
  const starts = startable.map((cluster) => ({
    type: 'start' as const,
    cluster,
    attempt: (clusters.get(cluster)?.attempts ?? 0) + 1,
  }));
  return { actions: starts, waits: [{ for: 'clusters', stage: name, clusters: [...running, ...startable] }] };
}

function firstOf(names: Iterable<string>, amount: number): string[] {
  const first: string[] = [];
  for (const name of names) {
    if (first.length >= amount) break;
    first.push(name);
  }
  return first;
}

/** Why no cluster of the stage may start any more. */
function whyBroken({ plan, state }: Known): string | undefined {
  if (state.gateFailed !== undefined) return state.gateFailed;
  if (state.failed.size <= plan.maxFailures) return undefined;
  const allowed = plan.maxFailures === 0 ? 'none may fail' : `${plan.maxFailures} may fail`;
  return `stage ${plan.name}: ${[...state.failed].join(', ')} failed, and ${allowed}`;
}

const expectedOf = new WeakMap<FleetPlan, ReadonlyMap<string, number>>();

function expected(plan: FleetPlan, cluster: string): number {
  const known = expectedOf.get(plan) ?? new Map(plan.clusters.map((one) => [one.name, one.expected]));
  expectedOf.set(plan, known);
  return known.get(cluster) ?? 0;
}

/** Those that would be done before the stage's window closes; else when it opens next. No plan has one that takes longer. */
function inWindow(
  plan: FleetPlan,
  { window }: FleetStage,
  names: readonly string[],
  now: number,
): { readonly startable: readonly string[]; readonly opensAt?: number } {
  if (!window) return { startable: names };
  const opening = openingAt(window, now);
  if (now < opening.from) return { startable: [], opensAt: opening.from };
  const startable = names.filter((name) => now + expected(plan, name) <= opening.to);
  return startable.length > 0 ? { startable } : { startable, opensAt: openingAt(window, opening.to).from };
}

function ending(stages: readonly Known[]): FleetAction {
  const failed = stages.flatMap(({ state }) => [...state.failed]);
  return failed.length === 0
    ? { type: 'end', outcome: 'done', reason: 'every stage is over' }
    : { type: 'end', outcome: 'failed', reason: `every stage is over, without ${failed.join(', ')}` };
}
