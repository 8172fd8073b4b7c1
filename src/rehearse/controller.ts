import { setMaxListeners } from 'node:events';
import type { Action } from '../actions/action.ts';
import type { Inventory } from '../documents/model.ts';
import type { Clock } from '../engine/clock.ts';
import type { Answer, Bounds, LogOpener, RunContext } from '../engine/context.ts';
import { Links } from '../engine/links.ts';
import { runHooks } from '../engine/hooks.ts';
import { Observer } from '../engine/observe.ts';
import { runPlan, type RunResult } from '../engine/run.ts';
import type { Send } from '../engine/send.ts';
import type { NewEvent } from '../event.ts';
import type { Facts } from '../facts/facts.ts';
import type { Journal } from '../journal/journal.ts';
import { foldJournal, type StepProgress } from '../journal/progress.ts';
import type { Holder, JournalBody } from '../journal/record.ts';
import { recognise } from '../known/recognise.ts';
import type { BoundPhase } from '../plan/bind.ts';
import { LOCAL } from '../plan/hosts.ts';
import type { Plan } from '../plan/plan.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import { runContext } from '../run/run-context.ts';
import type { Session } from '../transport/transport.ts';
import type { Ground, Owner } from './ground.ts';
import type { KeptJournal } from './kept-journal.ts';
import { Link } from './link.ts';

/** What is between a controller and its surroundings: a rehearsal or a mutation of the engine replaces one of these. */
export interface Seams {
  readonly remote?: (remote: RemoteNode, name: string) => RemoteNode;
  /** The operator's machine; undefined: nothing runs there. */
  readonly local?: () => RemoteNode;
  readonly journal?: (journal: Journal) => Journal;
  readonly progress?: (progress: Map<string, StepProgress>) => Map<string, StepProgress>;
  readonly phases?: (phases: readonly BoundPhase[]) => readonly BoundPhase[];
  readonly actions?: ReadonlyMap<string, Action>;
  /** The nodes run an attempt although they know its id. */
  readonly claimsTwice?: boolean;
}

export interface Surroundings {
  readonly ground: Ground;
  readonly inventory: Inventory;
  /** Minors whose repositories are asked. */
  readonly minors: readonly string[];
  readonly seams: Seams;
  /** Called once a record is on disk and before its writer continues. */
  readonly checkpoint?: (body: JournalBody, controller: Controller) => Promise<void>;
  /** Takes what the hooks of the runbook notify; undefined: its hooks are not run. */
  readonly send?: Send;
  /** Answers steps that ask a person. */
  readonly ask?: () => Promise<Answer>;
  readonly log?: LogOpener;
  /** Who works on the run, as its journal has it. */
  readonly holder?: Holder;
  readonly onEvent?: (event: NewEvent) => void;
}

const someone: Holder = { host: 'laptop', pid: 1, user: 'ann' };
function paused({ outcome }: RunResult) {
  return outcome === 'paused' ? { paused: true as const } : {};
}

const RECONNECT_FOR = 10 * 60_000;
const noLog: LogOpener = () => ({ file: 'log', write: () => undefined, close: () => undefined });

/**
 * One process of the operator on a simulated cluster: links, observer and run of its own. After {@link kill} nothing of
 * it acts any more.
 */
export class Controller implements Owner {
  readonly links: Links;
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
    this.links = new Links({
      dial: async (name) => this.#dial(name),
      open: async (name) => this.#open(name),
      clock: this.#clock,
      emit: (event) => this.#emit(event),
      reconnectFor: RECONNECT_FOR,
    });
    const { nodes, kubectl, packages } = around.inventory;
    this.observer = new Observer(this.links, this.#clock, {
      nodes,
      kubectl,
      minors: around.minors,
      ...(packages.baseUrl === undefined ? {} : { packagesBaseUrl: packages.baseUrl }),
      ...(around.ground.known && { known: around.ground.known }),
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
    const { holder = someone, send } = this.#around;
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
    if (send) await runHooks({ ...context, send: this.#mortalSend(send) }, end);
    await this.links.close();
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
    const { ask, inventory, log = noLog, seams } = this.#around;
    const never = new AbortController().signal;
    // Each step under way listens to it: as many as there are nodes in a batch are no leak.
    setMaxListeners(0, never);
    const context = runContext({
      plan,
      run,
      epoch,
      inventory,
      ...(seams.actions && { actions: seams.actions }),
      recognise,
      links: this.links,
      observer: this.observer,
      journal: seams.journal?.(journal) ?? journal,
      progress: seams.progress?.(progress) ?? progress,
      clock: this.#clock,
      emit: (event) => this.#emit(event),
      control: { stop: never, leave: never },
      ...(ask && { ask }),
      log,
      logFile: () => 'log',
      facts,
    });
    return seams.phases ? { ...context, phases: seams.phases(context.phases) } : context;
  }

  #dial(name: string): Session {
    const { ground, seams } = this.#around;
    if (name !== LOCAL) return Link.dial(ground, name, this).session;
    if (!seams.local) throw new Error('nothing runs on the machine of the operator');
    return { ...noSession, target: LOCAL };
  }

  #open(name: string): RemoteNode {
    const { ground, seams } = this.#around;
    if (name === LOCAL && seams.local) return seams.local();
    const link = Link.dial(ground, name, this);
    return seams.remote?.(link, name) ?? link;
  }

  #emit(event: NewEvent): void {
    if (this.dead) return;
    this.events.push(event);
    this.#around.onEvent?.(event);
  }

  #mortalClock(): Clock {
    const { time } = this.#around.ground;
    return {
      now: () => time.now(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          const wake = () => this.dead || resolve();
          time.sleep(ms, signal).then(wake, wake);
        }),
    };
  }

  #mortalSend(send: Send): Send {
    return (request) =>
      new Promise((resolve, reject) => {
        if (this.dead) return;
        send(request).then((why) => this.dead || resolve(why), reject);
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

const noSession = {
  open: () => Promise.reject(new Error('not used')),
  exec: () => Promise.reject(new Error('not used')),
  closed: new Promise<never>(() => undefined),
  close: () => Promise.resolve(),
};
