import type { Clock } from '../engine/clock.ts';
import type { GateEnd } from '../engine/gate-hold.ts';
import { answerTo } from './answer.ts';
import type { FleetRequest } from './book.ts';
import { decideFleet, type Decision } from './decide.ts';
import type { FleetPlan } from './plan.ts';
import type { FleetNews } from './record.ts';
import type { ClusterEnd } from './attempt-judge.ts';
import type { FleetFold, FleetState } from './state.ts';

/** A request that is kept until what it leads to is recorded. */
export interface GivenRequest {
  readonly request: FleetRequest;
  readonly taken: () => Promise<void>;
}

export interface ClusterHooks {
  readonly stop: AbortSignal;
  readonly onRun: (run: string) => void;
}

/** What a driver in one process is made of. */
export interface DriveOptions {
  readonly plan: FleetPlan;
  /** Its records so far; what is recorded is folded into it. */
  readonly fold: FleetFold;
  readonly clock: Clock;
  /** Resolves once the record is kept, and folded. */
  readonly record: (news: FleetNews) => Promise<void>;
  /** What operators ask, oldest first. */
  readonly requests: () => Promise<readonly GivenRequest[]>;
  /** Brings the run of a cluster to its end, wherever it is. */
  readonly runCluster: (cluster: string, attempt: number, hooks: ClusterHooks) => Promise<ClusterEnd>;
  readonly askGate: (stage: string, stop: AbortSignal) => Promise<GateEnd>;
  /** Gets what was decided last. */
  readonly onDecision: (decision: Decision) => void;
  /** Says why a request comes to nothing. */
  readonly onRefused: (request: FleetRequest, why: string) => void;
  /** The runs of its clusters end after the step that runs, then it returns. */
  readonly stop: AbortSignal;
  /** It returns at once, and the runs live on. */
  readonly leave: AbortSignal;
  /** Milliseconds between two looks for requests. */
  readonly every: number;
}

/** `stopped` and `left`: the fleet run has not ended, and the next driver continues it. */
export type DriveEnd = 'ended' | 'stopped' | 'left';

/** Does what is decided, and keeps the records, until the fleet run ends or is stopped. */
export function drive(options: DriveOptions): Promise<DriveEnd> {
  return new Drive(options).untilEnd();
}

interface Running {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

class Drive {
  readonly #options: DriveOptions;
  readonly #running = new Map<string, Running>();
  readonly #gates = new Map<string, AbortController>();
  /** What has happened outside of the loop, in order; taken by it alone, so that records have one order. */
  #news: FleetNews[] = [];
  #woken = new AbortController();
  #bug: { readonly error: unknown } | undefined;

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  get #state(): FleetState {
    return this.#options.fold.state;
  }

  async untilEnd(): Promise<DriveEnd> {
    const { plan, clock, stop, leave, onDecision } = this.#options;
    const wake = (): void => this.#wake();
    for (const signal of [stop, leave]) signal.addEventListener('abort', wake);
    try {
      // What an earlier driver had started.
      for (const [name, { standing, attempts }] of this.#state.clusters)
        if (standing === 'running') this.#follow(name, attempts);
      for (;;) {
        // Also where an earlier driver died right after that record.
        if (this.#state.ended) return 'ended';
        if (leave.aborted) return 'left';
        this.#woken = new AbortController();
        await this.#takeNews();
        if (stop.aborted) return await this.#stopAll();
        await this.#takeRequests();
        const now = clock.now();
        const decision = decideFleet(plan, this.#state, now);
        onDecision(decision);
        await this.#perform(decision);
        if (decision.actions.some(({ type }) => type === 'start' || type === 'end')) continue;
        const { wakeAt = Infinity } = decision;
        if (this.#news.length === 0 && !stop.aborted && !leave.aborted)
          await clock.sleep(Math.max(1, Math.min(wakeAt - now, this.#options.every)), this.#woken.signal);
      }
    } finally {
      for (const signal of [stop, leave]) signal.removeEventListener('abort', wake);
      for (const gate of this.#gates.values()) gate.abort();
    }
  }

  async #perform({ actions }: Decision): Promise<void> {
    const { record } = this.#options;
    const asked = new Set<string>();
    for (const action of actions) {
      switch (action.type) {
        case 'start':
          await record({ type: 'cluster-started', cluster: action.cluster, attempt: action.attempt });
          this.#follow(action.cluster, action.attempt);
          break;
        case 'ask-gate':
          asked.add(action.stage);
          if (!this.#gates.has(action.stage)) this.#ask(action.stage);
          break;
        case 'stop':
          this.#running.get(action.cluster)?.stop.abort();
          break;
        case 'end':
          await record({ type: 'fleet-ended', outcome: action.outcome, reason: action.reason });
          break;
      }
    }
    // A pause, or a window that closed.
    for (const [stage, gate] of this.#gates) if (!asked.has(stage)) gate.abort();
  }

  #follow(cluster: string, attempt: number): void {
    const stop = new AbortController();
    const onRun = (run: string): void => this.#tell({ type: 'cluster-run', cluster, run });
    const ended = this.#options
      .runCluster(cluster, attempt, { stop: stop.signal, onRun })
      .then(({ outcome, reason }) => {
        this.#running.delete(cluster);
        if (outcome === 'done' || outcome === 'failed') this.#tell({ type: 'cluster-ended', cluster, outcome, reason });
        // Of a fleet run that is cancelled; else it goes on with the next driver.
        else if (this.#state.cancelled && outcome === 'stopped')
          this.#tell({
            type: 'cluster-ended',
            cluster,
            outcome: 'failed',
            reason: 'stopped, for the fleet run is cancelled',
          });
        else this.#wake();
      });
    this.#running.set(cluster, { stop, ended });
    ended.catch((error: unknown) => this.#fail(error));
  }

  #ask(stage: string): void {
    const stop = new AbortController();
    this.#gates.set(stage, stop);
    this.#options.askGate(stage, stop.signal).then(
      (end) => {
        this.#gates.delete(stage);
        if (end.kind === 'holds') this.#tell({ type: 'gate-held', stage });
        else if (end.kind === 'stopped') this.#wake();
        else this.#tell({ type: 'gate-failed', stage, reason: end.reason });
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** Only a bug comes here: the loop ends with it. */
  #fail(error: unknown): void {
    this.#bug ??= { error };
    this.#wake();
  }

  #tell(news: FleetNews): void {
    this.#news.push(news);
    this.#wake();
  }

  #wake(): void {
    this.#woken.abort();
  }

  async #takeNews(): Promise<void> {
    if (this.#bug) throw this.#bug.error;
    const { record } = this.#options;
    for (let next = this.#news.shift(); next; next = this.#news.shift()) {
      if (next.type === 'cluster-run' && this.#state.clusters.get(next.cluster)?.run === next.run) continue;
      await record(next);
    }
  }

  async #takeRequests(): Promise<void> {
    for (const { request, taken } of await this.#options.requests()) {
      const news = answerTo(request, this.#options.plan, this.#state);
      if (typeof news === 'string') this.#options.onRefused(request, news);
      else await this.#options.record(news);
      await taken();
    }
  }

  async #stopAll(): Promise<DriveEnd> {
    const { leave } = this.#options;
    for (const gate of this.#gates.values()) gate.abort();
    for (const { stop } of this.#running.values()) stop.abort();
    while (this.#running.size > 0) {
      if (leave.aborted) return 'left';
      this.#woken = new AbortController();
      const woken = this.#woken.signal;
      await new Promise<void>((resolve) => {
        if (woken.aborted || leave.aborted || this.#news.length > 0 || this.#running.size === 0) return resolve();
        woken.addEventListener('abort', () => resolve(), { once: true });
      });
      await this.#takeNews();
    }
    await this.#takeNews();
    return 'stopped';
  }
}
