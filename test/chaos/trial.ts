import { foldJournal, isSettled } from '../../src/journal/progress.ts';
import { reboot } from '../../src/lab/boot.ts';
import { stepKey } from '../../src/plan/key.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { Failure } from '../../src/failure.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { type Baseline, RUN, type Segment } from './baseline.ts';
import { type Command, noHooks, SimulatedCluster } from './cluster.ts';
import { deal } from '../../src/rehearse/faults/blow.ts';
import { Controller, type Seams } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { Ledger } from './ledger.ts';
import { type CrashPoint } from './points.ts';
import { needs, plan } from './scenario.ts';
import { settledState, unlike } from './state.ts';
import { Watch } from './watch.ts';

/** What came of a disturbed run. */
export interface Verdict {
  /** Empty: every promise was kept. */
  readonly violations: readonly string[];
  readonly controllers: number;
  /** False: the run never came to the point, so it was not the recorded one. */
  readonly struck: boolean;
  readonly story: readonly string[];
}

export interface TrialOptions {
  readonly seams?: Seams;
  /** To the real end, in place of the first moment at which all is as in the undisturbed run. */
  readonly whole?: boolean;
  /** Milliseconds between the first controller's end and the first resume. */
  readonly pause?: number;
}

const MOST_CONTROLLERS = 8;
/** Milliseconds after which the operator resumes: at once, or later. */
const PAUSES = [0, 700, 5000];
const LONG_PAUSE = 5000;
const CUT_OFF = 3000;

/** Disturbs the upgrade at one point, resumes until it is done, and reports every broken promise. */
export async function disturb(baseline: Baseline, point: CrashPoint, options: TrialOptions = {}): Promise<Verdict> {
  const segment = baseline.segments[point.segment];
  if (!segment) throw new Error(`no segment ${point.segment}`);
  const cluster = await SimulatedCluster.create({ now: segment.from.now, from: segment.from.world });
  return new Trial(baseline, segment, point, cluster, options).run();
}

class Trial {
  readonly #baseline: Baseline;
  readonly #segment: Segment;
  readonly #point: CrashPoint;
  readonly #cluster: SimulatedCluster;
  readonly #options: TrialOptions;
  readonly #watch: Watch;
  readonly #ledger: Ledger;
  readonly #story: string[] = [];
  readonly #problems: string[] = [];
  #kept: KeptJournal;
  #run = RUN;
  #plan: Plan;
  #controller: Controller | undefined;
  #struck = false;
  #converged = false;

  constructor(
    baseline: Baseline,
    segment: Segment,
    point: CrashPoint,
    cluster: SimulatedCluster,
    options: TrialOptions,
  ) {
    this.#baseline = baseline;
    this.#segment = segment;
    this.#point = point;
    this.#cluster = cluster;
    this.#options = options;
    this.#plan = baseline.plan;
    this.#watch = new Watch(cluster, baseline.documents.scenario.target);
    this.#ledger = new Ledger(cluster, baseline.plan);
    this.#kept = this.#journal(RUN, segment.from.journal);
  }

  async run(): Promise<Verdict> {
    const { time } = this.#cluster;
    time.onTick = () => this.#watch.look();
    // What is struck must really run.
    this.#cluster.claimsTwice = this.#options.seams?.claimsTwice ?? false;
    this.#cluster.memo = { answers: this.#baseline.answers, recall: !this.#point.reading };
    this.#arm();
    let controllers = 0;
    for (let done = false; !done; controllers += 1) {
      if (controllers === MOST_CONTROLLERS) {
        this.#problems.push(`not done after ${controllers} controllers`);
        break;
      }
      done = await this.#oneController(controllers === 0);
      if (!done) await time.run(time.sleep(controllers === 0 ? this.#pause() : LONG_PAUSE));
    }
    if (!this.#converged) await this.#end();
    this.#ledger.close();
    const violations = [...this.#problems, ...this.#watch.broken, ...this.#ledger.wrong];
    return { violations, controllers, struck: this.#struck, story: this.#story };
  }

  #pause(): number {
    const { number, place } = this.#point;
    return this.#options.pause ?? (place.kind === 'request' ? LONG_PAUSE : (PAUSES[number % PAUSES.length] ?? 0));
  }

  /** @returns whether the run is over */
  async #oneController(first: boolean): Promise<boolean> {
    const { time } = this.#cluster;
    const { inventory } = this.#baseline.documents;
    const controller = new Controller({
      ground: this.#cluster,
      inventory: inventory.value,
      minors: needs(this.#baseline.documents).minors,
      seams: this.#options.seams ?? {},
      checkpoint: (body) => this.#compare(body),
    });
    this.#controller = controller;
    try {
      const facts = first ? this.#segment.from.facts : await this.#beginAnew(controller);
      const result = await time.run(controller.run(this.#plan, this.#run, this.#kept, facts));
      this.#story.push(...eventsOf(controller), result === 'killed' ? 'killed' : `${result.outcome} ${result.reason}`);
      if (result === 'killed') return this.#converged;
      return result.outcome === 'done';
    } catch (error) {
      this.#story.push(...eventsOf(controller), String(error));
      // An operator sees this and resumes; anything else is a bug.
      if (!(error instanceof Failure) || error.kind !== 'step-failed')
        this.#problems.push(`it broke: ${String(error)}`);
      return false;
    } finally {
      controller.kill();
    }
  }

  /** After `anew` the second controller makes a plan of its own, from the state of the cluster. */
  async #beginAnew(controller: Controller) {
    if (this.#point.effect !== 'anew' || this.#run !== RUN) return undefined;
    const { time } = this.#cluster;
    // It is refused while an attempt of the abandoned run still runs: here the operator waits.
    for (; ; await time.run(time.sleep(LONG_PAUSE))) {
      if (this.#isBusy()) continue;
      try {
        const made = await time.run(plan(this.#baseline.documents, controller));
        if (this.#isBusy()) continue;
        this.#run = 'run-2';
        this.#plan = made.plan;
        this.#kept = this.#journal(this.#run, '');
        return made.facts;
      } catch {
        // A node that comes back from a reboot does not answer yet.
      }
    }
  }

  #isBusy(): boolean {
    return this.#cluster.world.machines.some((machine) => machine.running.size > 0);
  }

  #journal(run: string, text: string): KeptJournal {
    const kept = new KeptJournal(() => this.#cluster.time.now(), text);
    this.#ledger.add(run, kept);
    const { place } = this.#point;
    kept.hook = (when, seq) => {
      if (when === 'after') {
        const record = kept.records()[seq - 1];
        if (record) this.#ledger.recorded(run, record);
      }
      if (place.kind === 'record' && place.seq === seq && place.when === when) this.#strike();
    };
    return kept;
  }

  #arm(): void {
    const { place, node, reading } = this.#point;
    const hits = (command: Command, when: string) =>
      place.kind === 'command' &&
      place.when === when &&
      command.node === node &&
      command.index === place.index &&
      reading === (command.origin.kind === 'probe');
    this.#cluster.hooks = {
      ...noHooks,
      claiming: (at, run, id) => this.#ledger.claimed(at, run, id),
      begun: (command) => {
        this.#watch.begun(command);
        this.#ledger.begun(command);
        if (hits(command, 'before')) this.#strike();
        if (hits(command, 'during') && place.kind === 'command')
          this.#cluster.time.after(place.delay, () => this.#strike());
      },
      ended: (command) => {
        this.#watch.look();
        if (hits(command, 'after')) this.#strike();
      },
      sending: () => {
        if (place.kind !== 'request' || this.#struck) return undefined;
        // The link breaks once the request is on its way, not while it is handed over.
        queueMicrotask(() => this.#strike());
        return place.delay;
      },
    };
  }

  #strike(): void {
    if (this.#struck) return;
    this.#struck = true;
    this.#cluster.memo.recall = true;
    this.#story.push(`--- ${this.#point.effect} at ${this.#cluster.time.now()}`);
    const { effect, node, place } = this.#point;
    deal(effect === 'anew' ? 'kill' : effect, {
      controller: this.#controller,
      cutOff: () => this.#cluster.cutOff(node, place.kind === 'request' ? 0 : CUT_OFF),
      reboot: () => reboot(this.#cluster.machine(node)),
    });
  }

  /** Once all is as in the undisturbed run, what is left would only repeat it. */
  async #compare(body: JournalBody): Promise<void> {
    if (this.#options.whole || !this.#struck || body.type !== 'step-finished') return;
    const steps = foldJournal(this.#kept.records()).steps;
    const settled = this.#baseline.segments.findIndex(({ step }) => !isSettled(steps.get(stepKey(step.node, step.id))));
    if (settled <= this.#segment.number) return;
    const busy = this.#cluster.world.machines.some((machine) => machine.running.size > 0 || !machine.up);
    if (busy) return;
    const expected = this.#baseline.states[settled - 1] ?? [];
    if (unlike(expected, await settledState(this.#cluster.world)).length > 0) return;
    this.#converged = true;
    this.#controller?.kill();
  }

  async #end(): Promise<void> {
    const { time, world } = this.#cluster;
    // A node that was rebooted by the last records comes back by itself.
    if (world.machines.some((machine) => !machine.up)) await time.run(time.sleep(LONG_PAUSE));
    const last = this.#baseline.states.at(-1) ?? [];
    this.#problems.push(...unlike(last, await settledState(this.#cluster.world)).slice(0, 5));
  }
}

function eventsOf(controller: Controller): string[] {
  return controller.events.flatMap((event) => {
    switch (event.type) {
      case 'step-finished':
        return [`${event.node}/${event.step} ${event.outcome}: ${event.reason}`];
      case 'step-started':
        return [`${event.node}/${event.step} attempt ${event.attempt}${event.reattached ? ', taken up' : ''}`];
      case 'connection-lost':
        return [`lost ${event.node}`];
      case 'reconnected':
        return [`reconnected ${event.node}`];
      case 'finding':
        return [`finding: ${event.finding.summary}`];
      case 'message':
        return [`message: ${event.text}`];
      default:
        return [];
    }
  });
}
