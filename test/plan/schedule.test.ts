import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { estimatePlan, takesOf } from '../../src/plan/estimate.ts';
import { scheduleOf } from '../../src/plan/schedule.ts';
import { planOf, step } from '../engine/bench.ts';

const upgrade = (node: string) => [
  step(node, '1.1-drain', { action: 'drain' }),
  step(node, '1.2-done', { action: 'drain', predicted: { outcome: 'unchanged', reason: '' } }),
  step(node, '1.3-restart', { action: 'restart-kubelet' }),
];

test('the nodes of a batch are side by side, batches and the steps of a node one after another', () => {
  const nodes = ['a', 'b', 'c'];
  const plan = planOf(nodes, nodes.flatMap(upgrade), 0, 2);
  const takes = takesOf(plan, actions);
  const slots = scheduleOf(plan, takes).map(({ step: { node, id }, from, to }) => [node, id, from, to]);
  const [drain = 0, restart = 0] = [upgrade('a')[0], upgrade('a')[2]].map((one) => one && takes(one));
  const both = drain + restart;
  expect(slots).toEqual([
    ['a', '1.1-drain', 0, drain],
    ['a', '1.3-restart', drain, both],
    ['b', '1.1-drain', 0, drain],
    ['b', '1.3-restart', drain, both],
    ['c', '1.1-drain', both, both + drain],
    ['c', '1.3-restart', both + drain, 2 * both],
  ]);
  expect(estimatePlan(plan, actions)).toBe(2 * both);
});
