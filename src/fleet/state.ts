import type { FleetPlan, FleetStage } from './plan.ts';
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

export interface StageState {
  /** Names of its clusters, in the order of the plan. */
  readonly waiting: ReadonlySet<string>;
  /** In the order of their starts and ends. */
  readonly running: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** The latest end of a run in it, milliseconds since 1970; undefined: none has ended. */
  readonly lastEnd?: number;
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
  readonly startedAt?: number;
  readonly clusters: ReadonlyMap<string, ClusterState>;
  readonly stages: ReadonlyMap<string, StageState>;
  /** Who paused it. */
  readonly pausedBy?: string;
  readonly cancelled?: { readonly by: string; readonly reason: string };
  readonly ended?: { readonly outcome: FleetEnd; readonly reason: string; readonly at: number };
}

export function foldFleet(plan: FleetPlan, records: Iterable<FleetRecord>): FleetState {
  const fold = new FleetFold(plan);
  for (const record of records) fold.add(record);
  return fold.state;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Stage extends Omit<Mutable<StageState>, 'waiting' | 'running' | 'failed'> {
  readonly plan: FleetStage;
  waiting: Set<string>;
  readonly running: Set<string>;
  readonly failed: Set<string>;
}

/**
 * Folds records one by one, each at the same cost however many there are. What names a cluster or a stage that the plan
 * lacks changes nothing.
 */
export class FleetFold {
  readonly #clusters: Map<string, ClusterState>;
  readonly #stages: Map<string, Stage>;
  /** By the names of clusters. */
  readonly #stageOf = new Map<string, Stage>();
  readonly #state: Mutable<FleetState>;

  /** Of a run that has not begun. A cluster with nothing to do is done. */
  constructor({ clusters, stages }: FleetPlan) {
    this.#clusters = new Map(
      clusters.map(({ name, changes }) => [
        name,
        { standing: changes === 0 ? 'done' : 'waiting', attempts: 0, reason: '' },
      ]),
    );
    this.#stages = new Map(
      stages.map((stage) => [
        stage.name,
        { plan: stage, waiting: new Set(), running: new Set(), failed: new Set(), gateHeld: false },
      ]),
    );
    for (const stage of this.#stages.values()) {
      for (const name of stage.plan.clusters) this.#stageOf.set(name, stage);
      this.#fillWaiting(stage);
    }
    this.#state = { run: '', clusters: this.#clusters, stages: this.#stages };
  }

  /** As far as it was folded; what is folded later shows in it. */
  get state(): FleetState {
    return this.#state;
  }

  add(record: FleetRecord): void {
    const at = Date.parse(record.at);
    switch (record.type) {
      case 'fleet-started':
        this.#state.run = record.run;
        this.#state.startedAt = at;
        return;
      case 'fleet-resumed':
        return this.#resume(record.again);
      case 'cluster-started': {
        const { cluster, attempt } = record;
        const stage = this.#move(cluster, { standing: 'running', attempts: attempt, reason: '', startedAt: at });
        if (stage) stage.gateHeld = false;
        return;
      }
      case 'cluster-run':
        this.#move(record.cluster, { run: record.run });
        return;
      case 'cluster-ended': {
        const { cluster, outcome, reason } = record;
        const stage = this.#move(cluster, { standing: outcome, reason, endedAt: at });
        if (!stage) return;
        stage.lastEnd = Math.max(stage.lastEnd ?? at, at);
        delete stage.approvedBy;
        return;
      }
      case 'cluster-settled':
        if (this.#clusters.get(record.cluster)?.standing === 'failed')
          this.#move(record.cluster, { standing: 'settled', reason: record.reason });
        return;
      case 'gate-held':
        return this.#change(record.stage, { gateHeld: true });
      case 'gate-failed':
        return this.#change(record.stage, { gateFailed: record.reason });
      case 'stage-approved':
        return this.#change(record.stage, { approvedBy: record.by.user });
      case 'paused':
        this.#state.pausedBy = record.by.user;
        return;
      case 'unpaused':
        delete this.#state.pausedBy;
        return;
      case 'cancelled':
        this.#state.cancelled = { by: record.by.user, reason: record.reason };
        return;
      case 'fleet-ended':
        this.#state.ended = { outcome: record.outcome, reason: record.reason, at };
        return;
    }
  }

  /** A failed run goes on: the clusters that are named wait again, and gates are asked again. */
  #resume(again: readonly string[]): void {
    delete this.#state.ended;
    for (const name of again)
      if (this.#clusters.get(name)?.standing === 'failed') this.#move(name, { standing: 'waiting' });
    for (const stage of this.#stages.values()) {
      delete stage.gateFailed;
      this.#fillWaiting(stage);
    }
  }

  /** In the order of the plan, in which they start. */
  #fillWaiting(stage: Stage): void {
    stage.waiting = new Set(stage.plan.clusters.filter((name) => this.#clusters.get(name)?.standing === 'waiting'));
  }

  /** @returns its stage */
  #move(name: string, change: Partial<ClusterState>): Stage | undefined {
    const cluster = this.#clusters.get(name);
    if (!cluster) return undefined;
    const next = { ...cluster, ...change };
    this.#clusters.set(name, next);
    const stage = this.#stageOf.get(name);
    if (!stage || next.standing === cluster.standing) return stage;
    for (const standing of ['waiting', 'running', 'failed'] as const) stage[standing].delete(name);
    if (next.standing !== 'done' && next.standing !== 'settled') stage[next.standing].add(name);
    return stage;
  }

  #change(name: string, change: Partial<Pick<StageState, 'gateHeld' | 'gateFailed' | 'approvedBy'>>): void {
    const stage = this.#stages.get(name);
    if (stage) Object.assign(stage, change);
  }
}
