import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { measuredIn } from '../../src/journal/durations.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import { estimatePlan } from '../../src/plan/estimate.ts';
import type { Measured } from '../../src/plan/expected.ts';
import { SimulatedCluster } from './cluster.ts';
import { Controller } from '../../src/rehearse/controller.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { inventoryOf, plan, readDocuments } from './scenario.ts';

const SIZE = { controlPlanes: 1, workers: 1 };

test('the second upgrade of a cluster takes as long as its plan expects from what the first one took', async () => {
  const cluster = await SimulatedCluster.create({ size: SIZE, now: Date.parse('2026-01-05T21:00Z') });
  const { time } = cluster;
  const upgrade = async (version: string, measured: readonly Measured[]) => {
    const minor = version.replace(/\.\d+$/, '');
    const sets = [`version=${version}`, 'prefetch=false'];
    const scenario = { runbook: 'upgrade.yaml', sets, target: version, minors: [minor] };
    const documents = { ...(await readDocuments(scenario)), inventory: inventoryOf(SIZE), measured };
    const kept = new KeptJournal(() => time.now());
    const controller = new Controller({
      ground: cluster,
      inventory: documents.inventory.value,
      minors: [minor],
      seams: {},
    });
    const made = await time.run(plan(documents, controller));
    const began = time.now();
    const result = await time.run(controller.run(made.plan, `to-${minor}`.replace('.', '-'), kept, made.facts));
    if (result === 'killed' || result.outcome !== 'done') throw new Error(JSON.stringify(result));
    const took = time.now() - began;
    return {
      ratio: estimatePlan(made.plan, actions) / took,
      measured: measuredIn(made.plan, foldJournal(kept.records()).steps),
    };
  };
  const first = await upgrade('1.32.9', []);
  const second = await upgrade('1.33.12', first.measured);
  // Simulated tools are quicker than those that the defaults were measured with.
  expect(first.ratio).toBeGreaterThan(1.4);
  expect(second.ratio).toBeGreaterThan(0.8);
  expect(second.ratio).toBeLessThan(1.2);
});
