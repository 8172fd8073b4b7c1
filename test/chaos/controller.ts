import { recognise } from '../../src/known/recognise.ts';
import { TimeLeft } from '../../src/engine/time-left.ts';
import { takesOf } from '../../src/plan/estimate.ts';
import { actions } from '../../src/actions/registry.ts';
import type { Inventory } from '../../src/documents/model.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { type Bounds, type RunContext, RunState } from '../../src/engine/context.ts';
import { Fleet } from '../../src/engine/fleet.ts';
import { Observer } from '../../src/engine/observe.ts';
import { runHooks } from '../../src/engine/hooks.ts';
import { runPlan, type RunResult } from '../../src/engine/run.ts';
import type { Send } from '../../src/engine/send.ts';
import type { NewEvent } from '../../src/event.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { foldJournal, type StepProgress } from '../../src/journal/progress.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { bindPlan } from '../../src/plan/bind.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { RemoteNode } from '../../src/remote/attempt.ts';
import type { SimulatedCluster } from './cluster.ts';
import type { Owner } from '../../src/rehearse/ground.ts';
import { Link } from '../../src/rehearse/link.ts';
import type { KeptJournal } from './journal.ts';

/** What is between a controller and its surroundings; a mutation of the engine replaces one of these. */
export interface Seams {
  readonly remote?: (remote: RemoteNode, name: string) => RemoteNode;
  readonly journal?: (journal: Journal) => Journal;
  readonly progress?: (progress: Map<string, StepProgress>) => Map<string, StepProgress>;
  readonly actions?: typeof actions;
  /** The nodes run an attempt although they know its id. */
  readonly claimsTwice?: boolean;
}

export interface Surroundings {
  readonly cluster: SimulatedCluster;
  readonly inventory: Inventory;
  /** Minors whose repositories are asked. */
  readonly minors: readonly string[];
  readonly seams: Seams;
  /** Called once a record is on disk and before its writer continues. */
  readonly checkpoint?: (body: JournalBody, controller: Controller) => Promise<void>;
  /** Takes what the hooks of the runbook notify. */
  readonly send?: Send;
}

const holder = { host: 'laptop', pid: 1, user: 'ann' };
function paused({ outcome }: RunResult) {
  return outcome === 'paused' ? { paused: true as const } : {};
}

const RECONNECT_FOR = 10 * 60_000;

/** One process of the operator: links, observer and run of its own. After {@link kill} nothing of it acts any more. */
export class Controller implements Owner {
  readonly fleet: Fleet;
  readonly observer: Observer;
  readonly events: NewEvent[] = [];
  readonly died: Promise<'killed'>;
  dead = false;
  readonly #clock: Clock;
  readonly #around: Surroundings;
  #context: RunContext | undefined;
  #die: (word: 'killed') => void = () => undefined;

  constructor(around: Surroundings) {
    this.#around = around;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
    this.#clock = this.#mortalClock();
    this.fleet = new Fleet({
      dial: async (name) => Link.dial(around.cluster, name, this).session,
      open: async (name) => {
        const link = Link.dial(around.cluster, name, this);
        return around.seams.remote?.(link, name) ?? link;
      },
      clock: this.#clock,
      emit: (event) => this.#emit(event),
      reconnectFor: RECONNECT_FOR,
    });
    this.observer = new Observer(this.fleet, this.#clock, {
      nodes: around.inventory.nodes,
      kubectl: around.inventory.kubectl,
      minors: around.minors,
    });
  }

  /** As `kill -9`: what it began on nodes continues there, all else is over. */
  kill(): void {
    this.dead = true;
    this.#die('killed');
  }

  /** What it knows of the cluster. */
  get facts(): Facts | undefined {
    return this.#context?.facts;
  }

  /**
   * A new run (with the facts of its plan), one that continues as if it never stopped (with the facts that it had),
   * or, without facts, the resume of one; up to its end or to this controller's.
   */
  async run(
    plan: Plan,
    run: string,
    kept: KeptJournal,
    facts?: Facts,
    bounds: Bounds = {},
  ): Promise<RunResult | 'killed'> {
    return Promise.race([this.#run(plan, run, kept, facts, bounds), this.died]);
  }

  async #run(plan: Plan, run: string, kept: KeptJournal, facts: Facts | undefined, bounds: Bounds): Promise<RunResult> {
    kept.open();
    const before = foldJournal(kept.records());
    const journal = this.#mortalJournal(kept);
    const isNew = before.run === undefined;
    // With facts at hand a run that has begun continues as the same process.
    const epoch = isNew || !facts ? before.epoch + 1 : before.epoch;
    const context = { ...this.#makeContext(plan, run, epoch, journal, new Map(before.steps), facts), bounds };
    this.#context = context;
    if (isNew) await journal.append({ type: 'run-started', run, plan: plan.digest, epoch, holder });
    else if (!facts) await journal.append({ type: 'run-resumed', epoch, holder });
    const result = await runPlan(context);
    if (result.outcome === 'done') await journal.append({ type: 'run-finished' });
    else await journal.append({ type: 'run-stopped', reason: result.reason, ...paused(result) });
    const { outcome, reason, counts, at } = result;
    const end = { outcome, reason, counts, ...(at && { at: at.ref }) };
    await runHooks({ ...context, send: this.#mortalSend() }, end);
    await this.fleet.close();
    return result;
  }

  #makeContext(
    plan: Plan,
    run: string,
    epoch: number,
    journal: Journal,
    progress: Map<string, StepProgress>,
    facts: Facts | undefined,
  ): RunContext {
    const { inventory, seams } = this.#around;
    const never = new AbortController().signal;
    return {
      plan,
      run,
      epoch,
      phases: bindPlan(plan, { actions: seams.actions ?? actions, inventory, run }),
      state: new RunState(),
      recognise,
      time: new TimeLeft(plan, takesOf(plan, seams.actions ?? actions), progress),
      fleet: this.fleet,
      observer: this.observer,
      journal: seams.journal?.(journal) ?? journal,
      progress: seams.progress?.(progress) ?? progress,
      clock: this.#clock,
      emit: (event) => this.#emit(event),
      control: { stop: never, leave: never },
      log: () => ({ file: 'log', write: () => undefined, close: () => undefined }),
      logFile: () => 'log',
      facts,
    };
  }

  #emit(event: NewEvent): void {
    if (!this.dead) this.events.push(event);
  }

  #mortalClock(): Clock {
    const { time } = this.#around.cluster;
    return {
      now: () => time.now(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const wake = () => this.dead || resolve();
          time.sleep(ms, signal).then(wake, wake);
        }),
    };
  }

  #mortalSend(): Send {
    return (request) =>
      new Promise((resolve, reject) => {
        if (this.dead) return;
        const sent = this.#around.send?.(request) ?? Promise.resolve('no one takes it');
        sent.then((why) => this.dead || resolve(why), reject);
      });
  }

  #mortalJournal(kept: KeptJournal): Journal {
    return {
      append: (body: JournalBody) =>
        new Promise((resolve, reject) => {
          if (this.dead) return;
          kept.append(body, this);
          const checkpoint = this.#around.checkpoint?.(body, this) ?? Promise.resolve();
          checkpoint.then(() => this.dead || resolve(), reject);
        }),
      close: () => Promise.resolve(),
    };
  }
}
