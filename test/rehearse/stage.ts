import type { Inventory } from '../../src/documents/model.ts';
import type { Facts } from '../../src/facts/facts.ts';
import * as lab from '../../src/lab/index.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { Rehearsal } from '../../src/rehearse/rehearsal.ts';
import { Twin } from '../../src/rehearse/twin.ts';
import { SimulatedCluster, type Size } from '../chaos/cluster.ts';
import {
  type Documents,
  inventoryOf,
  needs,
  ONE_MINOR,
  plan,
  readDocuments,
  type Scenario,
} from '../chaos/scenario.ts';

/** The cluster that a plan is of, before and while it is really run. */
export interface Source {
  readonly cluster: SimulatedCluster;
  readonly documents: Documents;
  readonly inventory: Inventory;
  readonly controller: Controller;
  readonly plan: Plan;
  readonly facts: Facts;
}

/** A cluster of the lab in place of a real one, and the plan for it. */
export async function sourceOf(size: Size, scenario: Scenario = ONE_MINOR): Promise<Source> {
  const documents = { ...(await readDocuments(scenario)), inventory: inventoryOf(size) };
  const cluster = await SimulatedCluster.create({ size });
  const inventory = documents.inventory.value;
  const { minors } = needs(documents);
  const controller = new Controller({ ground: cluster, inventory, minors, seams: {} });
  const made = await cluster.time.run(plan(documents, controller));
  return { cluster, documents, inventory, controller, ...made };
}

/** The rehearsal of its plan on a cluster of the same size. */
export async function rehearsalOf({ plan: planned, inventory, documents }: Source, size: lab.LabOptions) {
  const time = new lab.FastTime();
  const world = await lab.createWorld({ kubernetes: '1.31.9', ...size, clock: time });
  const twin = new Twin(lab, world, time);
  const { minors, facts } = needs(documents);
  const rehearsal = new Rehearsal({ twin, plan: planned, inventory, minors });
  const read = () =>
    rehearsal.read(
      inventory.nodes.map(({ name }) => name),
      facts,
    );
  return { twin, rehearsal, read };
}
