import { actions } from '../actions/registry.ts';
import type { Inventory } from '../documents/model.ts';
import type { Bounds } from '../engine/context.ts';
import { countOutcomes, type RunResult } from '../engine/run.ts';
import { asFailure } from '../engine/trouble.ts';
import type { NewEvent } from '../event.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import type { Journal } from '../journal/journal.ts';
import { bindPlan, type BoundPhase } from '../plan/bind.ts';
import { rolesOf, takesOf } from '../plan/estimate.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import { awaitedAsMeasured } from './awaited.ts';
import { Controller } from './controller.ts';
import { KeptJournal } from './kept-journal.ts';
import { Outputs } from './outputs.ts';
import { PlayedAttempts } from './played-node.ts';
import { withStandIns } from './stand-ins.ts';
import type { Twin } from './twin.ts';
import { Watch } from './watch.ts';

export const RUN = 'rehearsal';

/** Milliseconds of fake time after which a rehearsal does not come to an end: a plan of many nodes takes weeks. */
const LONGEST = 365 * 86_400_000;

/** What is rehearsed, and on which twin. */
export interface Stage {
  readonly twin: Twin;
  readonly plan: Plan;
  readonly inventory: Inventory;
  /** Minors whose repositories are asked. */
  readonly minors: readonly string[];
  readonly bounds?: Bounds;
  /** The journal of a run that it continues, with `resume`. */
  readonly journal?: string;
  readonly onEvent?: (event: NewEvent) => void;
}

/** The engine's own word of how a run on the twin ended; `killed`: the controller was. */
export type RehearsalEnd = RunResult | 'killed';

/**
 * A plan that the real engine runs on a twin, in this process and on fake time. Its journal and outputs are in memory,
 * and its controllers have links to the twin alone. A controller can be killed, and another one resumes the run.
 */
export class Rehearsal {
  readonly kept: KeptJournal;
  readonly outputs = new Outputs();
  /** As the engine has them, without stand-ins. */
  readonly phases: readonly BoundPhase[];
  readonly watch: Watch;
  controller: Controller;
  readonly #stage: Stage;
  readonly #attempts: PlayedAttempts;
  readonly #journal: (journal: Journal) => Journal;

  constructor(stage: Stage) {
    const { twin, plan, inventory } = stage;
    this.#stage = { ...stage, inventory: onTwin(inventory) };
    this.kept = new KeptJournal(() => twin.time.now(), stage.journal);
    this.phases = bindPlan(plan, { actions, inventory, run: RUN });
    this.watch = new Watch(twin, this.phases);
    const { least, measured } = expectedTimes(plan);
    this.#attempts = new PlayedAttempts(twin.time, this.phases, least);
    this.#journal = awaitedAsMeasured(twin.time, this.phases, measured);
    this.controller = this.#newController();
  }

  /** The facts of the twin as it is now. @throws FactError */
  read(nodes: readonly string[], facts: readonly FactId[], minors = this.#stage.minors): Promise<Facts> {
    return this.#onTime(this.controller.observer.offering(minors).read({ nodes: {} }, nodes, facts));
  }

  /** A new run, up to its end or that of its controller. */
  start(facts: Facts): Promise<RehearsalEnd> {
    return this.#run(facts);
  }

  /** Another controller takes the run up, as `runbook resume` does. */
  resume(): Promise<RehearsalEnd> {
    this.controller.kill();
    this.controller = this.#newController();
    return this.#run();
  }

  async #run(facts?: Facts): Promise<RehearsalEnd> {
    const { plan, bounds } = this.#stage;
    const { controller, kept } = this;
    this.#stage.twin.time.onTick = () => {
      this.watch.tick();
    };
    try {
      return await this.#onTime(controller.run(plan, RUN, kept, facts, bounds));
    } catch (error) {
      const failure = asFailure(error);
      if (!failure) throw error;
      kept.append({ type: 'run-stopped', reason: failure.message }, controller);
      const { progress } = this;
      return { outcome: 'failed', reason: failure.message, counts: countOutcomes({ phases: this.phases, progress }) };
    }
  }

  get progress() {
    return new Map(this.kept.progress().steps);
  }

  #onTime<T>(work: Promise<T>): Promise<T> {
    return this.#stage.twin.time.run(work, LONGEST);
  }

  #newController(): Controller {
    const { twin, inventory, minors, onEvent } = this.#stage;
    return new Controller({
      ground: twin,
      inventory,
      minors,
      seams: {
        phases: withStandIns,
        journal: this.#journal,
        remote: (remote) => this.#attempts.on(remote),
        local: () => this.#attempts.local(),
      },
      ask: async () => ({ approved: true, how: 'taken as given by the rehearsal' }),
      checkpoint: async (body) => {
        this.watch.record(body);
      },
      log: this.outputs.open,
      holder: HOLDER,
      ...(onEvent && { onEvent }),
    });
  }
}

const HOLDER = { host: 'rehearsal', pid: 1, user: 'rehearsal' };

/** The twin has no other place where kubectl is. */
function onTwin(inventory: Inventory): Inventory {
  if (inventory.kubectl.on !== 'local') return inventory;
  return { ...inventory, kubectl: { on: 'control-plane', kubeconfig: '/etc/kubernetes/admin.conf' } };
}

/**
 * Milliseconds: what earlier runs measured of a step, and what it takes at least. A drain takes what the twin's pods
 * and budgets take, unless it was measured.
 */
function expectedTimes(plan: Plan): Readonly<Record<'measured' | 'least', (step: PlanStep) => number | undefined>> {
  const takes = takesOf(plan, actions);
  const roles = rolesOf(plan.nodes);
  const known = new Set(
    (plan.expected ?? []).flatMap(({ step, role, measured: runs }) => (runs === undefined ? [] : [`${role}/${step}`])),
  );
  const measured = (step: PlanStep): number | undefined =>
    known.has(`${roles.get(step.node) ?? 'other'}/${step.id}`) ? takes(step) : undefined;
  const isSimulated = (step: PlanStep): boolean => actions.get(step.action)?.service === 'out';
  return { measured, least: (step) => measured(step) ?? (isSimulated(step) ? undefined : takes(step)) };
}
