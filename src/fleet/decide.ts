import { openingAt } from '../engine/window.ts';
import type { FleetCluster, FleetPlan, FleetStage } from './plan.ts';
import type { FleetEnd } from './record.ts';
import type { FleetState } from './state.ts';

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

/**
 * What is to be done at a moment: the only place that knows the order of a fleet run. Stages come one after the other;
 * what lies between two of them (soak, approval) belongs to the earlier one.
 * @param now milliseconds since 1970
 */
export function decideFleet(plan: FleetPlan, state: FleetState, now: number): Decision {
  if (state.ended) return { actions: [], waits: [] };
  const running = [...state.clusters].flatMap(([name, { standing }]) => (standing === 'running' ? [name] : []));
  if (state.cancelled) return cancelling(state.cancelled.reason, running);
  for (const [index, stage] of plan.stages.entries()) {
    const passing = passingOf(stage, state, now, index === plan.stages.length - 1);
    if (passing) return passing === 'work' ? work(plan, stage, state, now) : passing;
  }
  return { actions: [ending(state)], waits: [] };
}

function cancelling(reason: string, running: readonly string[]): Decision {
  if (running.length === 0) return { actions: [{ type: 'end', outcome: 'cancelled', reason }], waits: [] };
  return {
    actions: running.map((cluster) => ({ type: 'stop', cluster })),
    waits: [{ for: 'clusters', stage: '', clusters: running }],
  };
}

/** What stands between a stage and the next one; undefined: nothing any more. */
function passingOf(stage: FleetStage, state: FleetState, now: number, isLast: boolean): Decision | 'work' | undefined {
  const clusters = stage.clusters.map((name) => state.clusters.get(name));
  const isOver = clusters.every((cluster) => cluster?.standing !== 'waiting' && cluster?.standing !== 'running');
  if (!isOver || failuresIn(stage, state).length > stage.maxFailures) return 'work';
  // A stage in which nothing ran has shown nothing that could be waited for.
  const lastEnd = Math.max(...clusters.map((cluster) => cluster?.endedAt ?? -Infinity));
  if (isLast || lastEnd === -Infinity) return undefined;
  const until = lastEnd + stage.soak;
  if (now < until) return { actions: [], waits: [{ for: 'soak', stage: stage.name, until }], wakeAt: until };
  if (!stage.approve || state.stages.get(stage.name)?.approvedBy !== undefined) return undefined;
  return { actions: [], waits: [{ for: 'approval', stage: stage.name }] };
}

/** The failures of a stage, by the names of its clusters. */
export function failuresIn({ clusters }: FleetStage, state: FleetState): string[] {
  return clusters.filter((name) => state.clusters.get(name)?.standing === 'failed');
}

function work(plan: FleetPlan, stage: FleetStage, state: FleetState, now: number): Decision {
  const standing = (name: string): string | undefined => state.clusters.get(name)?.standing;
  const running = stage.clusters.filter((name) => standing(name) === 'running');
  const waiting = stage.clusters.filter((name) => standing(name) === 'waiting');
  const forRunning = running.length > 0 ? [{ for: 'clusters', stage: stage.name, clusters: running } as const] : [];
  const broken = whyBroken(stage, state);
  if (broken !== undefined)
    return running.length > 0
      ? { actions: [], waits: forRunning }
      : { actions: [{ type: 'end', outcome: 'failed', reason: broken }], waits: [] };
  const next = waiting.slice(0, Math.max(0, stage.maxConcurrent - running.length));
  if (next.length === 0) return { actions: [], waits: forRunning };
  if (state.pausedBy !== undefined)
    return { actions: [], waits: [...forRunning, { for: 'unpause', by: state.pausedBy }] };
  const { startable, opensAt } = inWindow(plan, stage, next, now);
  if (startable.length === 0 && opensAt !== undefined)
    return {
      actions: [],
      waits: [...forRunning, { for: 'window', stage: stage.name, until: opensAt }],
      wakeAt: opensAt,
    };
  if (stage.gate && state.stages.get(stage.name)?.gateHeld !== true)
    return {
      actions: [{ type: 'ask-gate', stage: stage.name }],
      waits: [...forRunning, { for: 'gate', stage: stage.name }],
    };
  const starts = startable.map((cluster) => ({
    type: 'start' as const,
    cluster,
    attempt: (state.clusters.get(cluster)?.attempts ?? 0) + 1,
  }));
  return { actions: starts, waits: [{ for: 'clusters', stage: stage.name, clusters: [...running, ...startable] }] };
}

/** Why no cluster of the stage may start any more. */
function whyBroken(stage: FleetStage, state: FleetState): string | undefined {
  const gate = state.stages.get(stage.name)?.gateFailed;
  if (gate !== undefined) return gate;
  const failed = failuresIn(stage, state);
  if (failed.length <= stage.maxFailures) return undefined;
  const allowed = stage.maxFailures === 0 ? 'none may fail' : `${stage.maxFailures} may fail`;
  return `stage ${stage.name}: ${failed.join(', ')} failed, and ${allowed}`;
}

/** Those that would be done before the stage's window closes; else when it opens next. No plan has one that takes longer. */
function inWindow(
  { clusters }: FleetPlan,
  { window }: FleetStage,
  names: readonly string[],
  now: number,
): { readonly startable: readonly string[]; readonly opensAt?: number } {
  if (!window) return { startable: names };
  const opening = openingAt(window, now);
  if (now < opening.from) return { startable: [], opensAt: opening.from };
  const expected = new Map(clusters.map((cluster: FleetCluster) => [cluster.name, cluster.expected]));
  const startable = names.filter((name) => now + (expected.get(name) ?? 0) <= opening.to);
  return startable.length > 0 ? { startable } : { startable, opensAt: openingAt(window, opening.to).from };
}

function ending(state: FleetState): FleetAction {
  const failed = [...state.clusters].flatMap(([name, { standing }]) => (standing === 'failed' ? [name] : []));
  return failed.length === 0
    ? { type: 'end', outcome: 'done', reason: 'every stage is over' }
    : { type: 'end', outcome: 'failed', reason: `every stage is over, without ${failed.join(', ')}` };
}
