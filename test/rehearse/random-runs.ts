import { stringify } from 'yaml';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import * as lab from '../../src/lab/index.ts';
import { bindPlan } from '../../src/plan/bind.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { QuickTwin } from '../../src/rehearse/quick-twin.ts';
import { Rehearsal } from '../../src/rehearse/rehearsal.ts';
import { Twin } from '../../src/rehearse/twin.ts';
import { Watch } from '../../src/rehearse/watch.ts';
import { needs, plan, readDocuments, type Scenario, valid } from '../chaos/scenario.ts';
import { outcomesOf } from './outcomes.ts';
import { type SourceDocument, timeOf } from './twins.ts';

/** How a run ended, step for step, which pods each of its drains moved or ended, and what it left cordoned. */
export interface Course {
  readonly end: string;
  readonly steps: readonly string[];
  readonly drained: readonly string[];
  readonly cordoned: readonly string[];
}

/** That of {@link coursesOf}, unless another one is given. */
export const SCENARIO: Scenario = {
  runbook: 'upgrade-1.32.yaml',
  sets: ['force=true', 'deleteEmptydirData=true'],
  target: '1.32.9',
  minors: ['1.32'],
};

/**
 * The run of an upgrade on the cluster of these facts, and the rehearsal of its plan on a twin.
 * @param isQuick the run, too, is in the lab's own shell: it is faster, and what it does wrong is not found
 */
export async function coursesOf(
  document: SourceDocument,
  scenario = SCENARIO,
  isQuick = false,
): Promise<{ readonly run: Course; readonly rehearsal: Course }> {
  const inventory = { apiVersion: 'runbook/v1', kind: 'Inventory', ...document.inventory };
  const loaded = valid(loadInventory('inventory.yaml', stringify(inventory)));
  const documents = { ...(await readDocuments(scenario)), inventory: loaded };
  const { facts: wanted, minors } = needs(documents);
  const begin = Date.parse(document.readAt) + 3_600_000;
  const worldOf = async (quick: boolean) => {
    const time = timeOf(begin);
    return { time, world: await lab.createTwin(document, { clock: time, quick }) };
  };

  const source = await worldOf(isQuick);
  const ground = new Twin(lab, source.world, source.time);
  const controller: Controller = new Controller({
    ground,
    inventory: loaded.value,
    minors,
    seams: {},
    checkpoint: async (body) => watch.record(body),
  });
  const made = await source.time.run(plan(documents, controller));
  const watch = new Watch(ground, bindPlan(made.plan, { actions, inventory: loaded.value, run: 'run-1' }));
  const kept = new KeptJournal(() => source.time.now());
  const end = await source.time.run(controller.run(made.plan, 'run-1', kept, made.facts), DAYS);
  const run = courseOf(end, kept, watch, source.world);

  const other = await worldOf(true);
  const twin = new QuickTwin(lab, other.world, other.time);
  const rehearsal = new Rehearsal({ twin, plan: made.plan, inventory: loaded.value, minors });
  const names = loaded.value.nodes.map(({ name }) => name);
  const rehearsed = await rehearsal.start(await rehearsal.read(names, wanted));
  return { run, rehearsal: courseOf(rehearsed, rehearsal.kept, rehearsal.watch, other.world) };
}

const DAYS = 30 * 86_400_000;

function courseOf(
  end: Awaited<ReturnType<Controller['run']>>,
  kept: KeptJournal,
  watch: Watch,
  { cluster }: lab.World,
): Course {
  return {
    cordoned: [...cluster.nodes.values()].flatMap(({ name, unschedulable }) => (unschedulable ? [name] : [])),
    // Not the reason: the pods that it names are those at its moment, and steps of a rehearsal take longer.
    end: end === 'killed' ? end : [end.outcome, end.at?.node.name, end.at?.id].join(' ').trim(),
    steps: outcomesOf(kept.records()),
    drained: watch.drains.all.map(
      ({ node, pods }) => `${node}: ${pods.map(({ pod, fate }) => `${pod} ${fate}`).join(', ')}`,
    ),
  };
}
