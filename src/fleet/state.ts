import type { FleetPlan } from './plan.ts';
import type { FleetEnd, FleetRecord } from './record.ts';

export interface ClusterState {
  readonly standing: 'waiting' | 'running' | 'done' | 'failed' | 'settled';
  /** How often its run was started. */
  readonly attempts: number;
  /** The id of its run, once that is known. */
  readonly run?: string;
  /** Why it failed, or was settled. */
  readonly reason: string;
  /** Milliseconds since 1970, of its latest start and end. */
  readonly startedAt?: number;
  readonly endedAt?: number;
}

interface StageState {
  /** What the stage has room for may start: its gate held since the last start. */
  readonly gateHeld: boolean;
  /** Why its gate did not come to hold. */
  readonly gateFailed?: string;
  /** Who approved it, after the last end in it. */
  readonly approvedBy?: string;
}

/** Where a fleet run stands. */
export interface FleetState {
  /** Empty: not begun. */
  readonly run: string;
  readonly clusters: ReadonlyMap<string, ClusterState>;
  readonly stages: ReadonlyMap<string, StageState>;
  /** Who paused it. */
  readonly pausedBy?: string;
  readonly cancelled?: { readonly by: string; readonly reason: string };
  readonly ended?: { readonly outcome: FleetEnd; readonly reason: string; readonly at: number };
}

const NEW: ClusterState = { standing: 'waiting', attempts: 0, reason: '' };
const UNTOUCHED: StageState = { gateHeld: false };

/** Of a run that has not begun. A cluster with nothing to do is done. */
export function initialState({ clusters, stages }: FleetPlan): FleetState {
  return {
    run: '',
    clusters: new Map(clusters.map(({ name, changes }) => [name, changes === 0 ? { ...NEW, standing: 'done' } : NEW])),
    stages: new Map(stages.map(({ name }) => [name, UNTOUCHED])),
  };
}

export function foldFleet(plan: FleetPlan, records: Iterable<FleetRecord>): FleetState {
  let state = initialState(plan);
  for (const record of records) state = nextState(plan, state, record);
  return state;
}

/** The state after one more record. What names a cluster or stage that the plan lacks changes nothing. */
export function nextState(plan: FleetPlan, state: FleetState, record: FleetRecord): FleetState {
  const at = Date.parse(record.at);
  switch (record.type) {
    case 'fleet-started':
      return { ...state, run: record.run };
    case 'fleet-resumed':
      return resumed(state, record.again);
    case 'cluster-started':
      return inStage(
        plan,
        withCluster(state, record.cluster, {
          standing: 'running',
          attempts: record.attempt,
          reason: '',
          startedAt: at,
        }),
        record.cluster,
        { gateHeld: false },
      );
    case 'cluster-run':
      return withCluster(state, record.cluster, { run: record.run });
    case 'cluster-ended':
      return inStage(
        plan,
        withCluster(state, record.cluster, { standing: record.outcome, reason: record.reason, endedAt: at }),
        record.cluster,
        { approvedBy: undefined },
      );
    case 'cluster-settled':
      return withCluster(state, record.cluster, { standing: 'settled', reason: record.reason });
    case 'gate-held':
      return withStage(state, record.stage, { gateHeld: true });
    case 'gate-failed':
      return withStage(state, record.stage, { gateFailed: record.reason });
    case 'stage-approved':
      return withStage(state, record.stage, { approvedBy: record.by.user });
    case 'paused':
      return { ...state, pausedBy: record.by.user };
    case 'unpaused':
      return without(state, 'pausedBy');
    case 'cancelled':
      return { ...state, cancelled: { by: record.by.user, reason: record.reason } };
    case 'fleet-ended':
      return { ...state, ended: { outcome: record.outcome, reason: record.reason, at } };
  }
}

/** A failed run goes on: the clusters that are named wait again, and gates are asked again. */
function resumed(state: FleetState, again: readonly string[]): FleetState {
  const open = without(state, 'ended');
  const clusters = new Map(open.clusters);
  for (const name of again) {
    const cluster = clusters.get(name);
    if (cluster?.standing === 'failed') clusters.set(name, { ...cluster, standing: 'waiting' });
  }
  const stages = new Map([...open.stages].map(([name, stage]) => [name, without(stage, 'gateFailed')]));
  return { ...open, clusters, stages };
}

function withCluster(state: FleetState, name: string, change: Partial<ClusterState>): FleetState {
  const cluster = state.clusters.get(name);
  return cluster ? { ...state, clusters: new Map(state.clusters).set(name, { ...cluster, ...change }) } : state;
}

type Change = { readonly [K in keyof StageState]?: StageState[K] | undefined };

function withStage(state: FleetState, name: string, change: Change): FleetState {
  const stage = state.stages.get(name);
  if (!stage) return state;
  const { gateHeld, gateFailed, approvedBy } = { ...stage, ...change };
  const next: StageState = {
    gateHeld: gateHeld ?? false,
    ...(gateFailed !== undefined && { gateFailed }),
    ...(approvedBy !== undefined && { approvedBy }),
  };
  return { ...state, stages: new Map(state.stages).set(name, next) };
}

function inStage({ stages }: FleetPlan, state: FleetState, cluster: string, change: Change): FleetState {
  const stage = stages.find(({ clusters }) => clusters.includes(cluster));
  return stage ? withStage(state, stage.name, change) : state;
}

function without<T extends object, K extends keyof T>(whole: T, key: K): Omit<T, K> {
  const { [key]: _gone, ...rest } = whole;
  return rest;
}
