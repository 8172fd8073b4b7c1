import type { Facts } from '../../src/facts/facts.ts';
import { takeSnapshot, type Snapshot } from '../../src/lab/snapshot.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import type { Plan, PlanStep } from '../../src/plan/plan.ts';
import { type Command, noHooks, SimulatedCluster } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import type { Memo } from '../../src/rehearse/memo.ts';
import { type Documents, needs, ONE_MINOR, plan, readDocuments, type Scenario } from './scenario.ts';
import { settledState } from './state.ts';

export const RUN = 'run-1';

/** A moment between two steps of the undisturbed run, from which others can continue. */
export interface Checkpoint {
  readonly now: number;
  readonly world: Snapshot;
  readonly state: readonly string[];
  readonly journal: string;
  readonly facts: Facts;
}

/** One step of the undisturbed run: where it began, and what happened in it. */
export interface Segment {
  readonly number: number;
  readonly step: PlanStep;
  readonly from: Checkpoint;
  readonly commands: readonly Command[];
  readonly records: readonly { readonly seq: number; readonly body: JournalBody }[];
  /** Hosts to which an attempt was sent. */
  readonly starts: readonly string[];
}

/** An upgrade that nothing disturbs: what all others are compared with. */
export interface Baseline {
  readonly documents: Documents;
  readonly plan: Plan;
  readonly segments: readonly Segment[];
  /** The state of the cluster after each segment. */
  readonly states: readonly (readonly string[])[];
  /** What reading scripts answered, for the runs that are compared with it. */
  readonly answers: Memo;
}

const recorded = new Map<Scenario, Promise<Baseline>>();

/** Once for all files of tests that share a worker. */
export function recordBaseline(scenario: Scenario = ONE_MINOR): Promise<Baseline> {
  const known = recorded.get(scenario) ?? record(scenario);
  recorded.set(scenario, known);
  return known;
}

async function record(scenario: Scenario): Promise<Baseline> {
  const documents = await readDocuments(scenario);
  // Once for the shell to load what it loads only when it is needed: that takes real time, which would mix up the
  // fake one.
  await undisturbed(documents, 18);
  return undisturbed(documents);
}

/** Up to a number of steps; Infinity: the whole upgrade. */
async function undisturbed(documents: Documents, most = Number.POSITIVE_INFINITY): Promise<Baseline> {
  const cluster = await SimulatedCluster.create();
  const kept = new KeptJournal(() => cluster.time.now());
  const segments: Segment[] = [];
  const states: (readonly string[])[] = [];
  let open: { from: Checkpoint; records: { seq: number; body: JournalBody }[]; starts: string[] } | undefined;
  const checkpoint = async (body: JournalBody, controller: Controller) => {
    if (body.type !== 'run-started' && body.type !== 'step-finished') return;
    const { facts } = controller;
    if (!facts) throw new Error('a run without facts');
    const state = await settledState(cluster.world);
    if (open && body.type === 'step-finished') {
      const step = made.plan.phases
        .flatMap((phase) => phase.steps)
        .find((one) => one.id === body.step && one.node === body.node);
      if (!step) throw new Error(`no step ${body.step}`);
      segments.push({ ...open, number: segments.length, step, commands: cluster.commands.splice(0) });
      states.push(state);
      if (segments.length >= most) controller.kill();
    }
    cluster.commands.length = 0;
    const now = cluster.time.now();
    open = {
      from: { now, world: await takeSnapshot(cluster.world), state, journal: kept.text, facts },
      records: [],
      starts: [],
    };
  };
  kept.hook = (when, seq, body) => void (when === 'before' && open?.records.push({ seq, body }));
  cluster.hooks = { ...noHooks, sending: (node) => void open?.starts.push(node) };
  const { minors } = needs(documents);
  const controller = new Controller({
    ground: cluster,
    inventory: documents.inventory.value,
    minors,
    seams: {},
    checkpoint,
  });
  const made = await cluster.time.run(plan(documents, controller));
  const result = await cluster.time.run(controller.run(made.plan, RUN, kept, made.facts));
  if (result === 'killed' ? segments.length < most : result.outcome !== 'done')
    throw new Error(`the undisturbed run: ${JSON.stringify(result)}`);
  return { documents, plan: made.plan, segments, states, answers: cluster.memo.answers };
}
