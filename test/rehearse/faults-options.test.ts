import { expect, test } from 'vitest';
import { generator } from '../../src/rehearse/faults/generator.ts';
import { MISFORTUNES } from '../../src/rehearse/faults/list.ts';
import { targetsOf } from '../../src/rehearse/faults/places.ts';
import { runbook } from '../commands/in-process.ts';
import { planOf, step } from '../engine/bench.ts';

test.each([
  [['--seed', '3'], '--seed belongs to --faults'],
  [['--faults', '--until', '22:00'], '--until and --max-nodes pause them'],
  [['--faults', '--seed', 'x'], 'It is a whole number'],
])('%j is refused before anything is read', async (options, why) => {
  const { code, all } = await runbook(['rehearse', 'upgrade-1.32.yaml', '--facts', 'nowhere.json', ...options]);
  expect(code, all).toBe(2);
  expect(all).toContain(why);
});

const NODES = ['w1', 'w2', 'w3', 'w4'];
const drains = NODES.map((node) => step(node, '1.1-drain', { action: 'drain', title: 'drain' }));

test('a seed chooses the same nodes again, and another seed others', () => {
  const made = planOf(NODES, drains);
  const plan = { ...made, nodes: made.nodes.map((node) => ({ ...node, role: 'worker' as const })) };
  const victims = (seed: number) =>
    targetsOf(plan, MISFORTUNES, generator(seed)).map(({ misfortune, victim }) => `${misfortune.name} ${victim}`);
  expect(victims(1)).toEqual(victims(1));
  expect(new Set([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => victims(seed).join())).size).toBeGreaterThan(1);
  expect(victims(1)).toContainEqual('budget-blocks-drain w4');
  // What stops a kubelet stops that of another node than the one that is drained.
  expect(victims(1)).not.toContainEqual('node-not-ready w4');
  expect(victims(1).some((one) => one.startsWith('kubeadm-fails'))).toBe(false);
});
