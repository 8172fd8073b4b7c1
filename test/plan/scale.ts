import { actions } from '../../src/actions/registry.ts';
import { resolveInputs } from '../../src/documents/inputs.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { readRunbook } from '../../src/documents/read.ts';
import { guards } from '../../src/guards/registry.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { needsOf } from '../../src/plan/needs.ts';
import { largeCluster } from './large-cluster.ts';

/** Plans upgrade.yaml for so many nodes. `cpu`: seconds of this process. */
export async function planFor(count: number) {
  const runbook = await readRunbook(new URL('../../runbooks/upgrade.yaml', import.meta.url).pathname, actions);
  const { facts, inventory: text } = largeCluster(count);
  const inventory = loadInventory('inventory.yaml', text);
  if (!runbook.value || !inventory.value) throw new Error(JSON.stringify([runbook.diagnostics, inventory.diagnostics]));
  const inputs = resolveInputs(runbook.value, ['version=1.32.9']).values;
  const needs = needsOf(runbook.value, inventory.value, inputs, actions, guards);
  const before = process.cpuUsage();
  const plan = await makePlan({
    runbook: { ...runbook, value: runbook.value },
    inventory: { ...inventory, value: inventory.value },
    inputs,
    facts,
    actions,
    guards: needs.guards,
    checks: () => Promise.resolve({}),
    now: 0,
  });
  const { user, system } = process.cpuUsage(before);
  return { plan, cpu: (user + system) / 1e6 };
}

/** How many times the CPU of the small cluster the large one takes: the best of three each, once the code is compiled. */
export async function growth(few: number, many: number) {
  await planFor(few);
  const small = await best(few);
  const large = await best(many);
  return { large, ratio: large.cpu / small.cpu };
}

/** Whatever else the machine does makes a plan dearer, never cheaper. */
async function best(count: number) {
  const plans = [await planFor(count), await planFor(count), await planFor(count)];
  return plans.reduce((one, other) => (other.cpu < one.cpu ? other : one));
}
