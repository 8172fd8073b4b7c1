import { expect, test, vi } from 'vitest';
import { pods } from '../../src/facts/pods.ts';
import * as lab from '../../src/lab/index.ts';
import { Machine } from '../../src/lab/machine.ts';
import { QuickTwin } from '../../src/rehearse/quick-twin.ts';
import { Rehearsal } from '../../src/rehearse/rehearsal.ts';
import { needs } from '../chaos/scenario.ts';
import { sourceOf } from './stage.ts';

/** How many scripts the machines of a twin run in a rehearsal, and how many pods are read from what kubectl prints. */
async function workOf(workers: number): Promise<{ readonly scripts: number; readonly read: number }> {
  const size = { controlPlanes: 1, workers };
  const source = await sourceOf(size);
  const { facts, minors } = needs(source.documents);
  const time = new lab.FastTime();
  const world = await lab.createWorld({ kubernetes: '1.31.9', ...size, clock: time, quick: true });
  const twin = new QuickTwin(lab, world, time);
  const rehearsal = new Rehearsal({ twin, plan: source.plan, inventory: source.inventory, minors });
  const [scripts, read] = [vi.spyOn(Machine.prototype, 'run'), vi.spyOn(pods, 'parse')];
  const names = source.inventory.nodes.map(({ name }) => name);
  expect(await rehearsal.start(await rehearsal.read(names, facts))).toMatchObject({ outcome: 'done' });
  const work = { scripts: scripts.mock.calls.length, read: read.mock.calls.length };
  vi.restoreAllMocks();
  return work;
}

test('what a rehearsal works grows with the nodes, not with their square', { timeout: 600_000 }, async () => {
  const [two, four, eight] = [await workOf(2), await workOf(4), await workOf(8)];
  for (const kind of ['scripts', 'read'] as const) {
    const [less, more] = [(four[kind] - two[kind]) / 2, (eight[kind] - four[kind]) / 4];
    expect(less, kind).toBeGreaterThan(0);
    expect(more / less, kind).toBeLessThan(1.25);
  }
});
