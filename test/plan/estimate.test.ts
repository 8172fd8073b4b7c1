import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { run } from '../../src/actions/run.ts';
import { roughly } from '../../src/duration.ts';
import { estimatePlan, takesOf } from '../../src/plan/estimate.ts';
import { planOf, step } from '../engine/bench.ts';

const upgrade = (node: string) => [
  step(node, '1.1-drain', { action: 'drain', timeout: 7_200_000 }),
  step(node, '1.2-restart', { action: 'restart-kubelet', timeout: 180_000 }),
  step(node, '1.3-ready', { action: 'wait-node-ready', predicted: { outcome: 'read', reason: '' } }),
  step(node, '1.4-done', { action: 'drain', predicted: { outcome: 'unchanged', reason: '' } }),
];
const NODE = 120_000 + 20_000 + 30_000;

test('every action says how long it usually takes', () => {
  const silent = [...actions.values(), run].filter(({ usually }) => usually === undefined);
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test('a plan takes as long as its batches, and a batch as long as its longest node', () => {
  const nodes = ['a', 'b', 'c'];
  const steps = nodes.flatMap(upgrade);
  expect(estimatePlan(planOf(nodes, steps), actions)).toBe(3 * NODE);
  expect(estimatePlan(planOf(nodes, steps, 0, 2), actions)).toBe(2 * NODE);
  expect(estimatePlan(planOf(nodes, steps), actions, ({ node }) => node !== 'c')).toBe(NODE);
});

test('no step is expected to take longer than its time limit lets it', () => {
  const takes = takesOf({ nodes: [] }, actions);
  expect(takes(step('a', '1.1-x', { timeout: 2000 }))).toBe(2000);
  expect(takes(step('a', '1.1-x', { timeout: 0 }))).toBe(30_000);
  expect(takes(step('a', '1.1-x', { action: 'of-a-later-version', timeout: 60_000 }))).toBe(30_000);
});

test.each([
  [0, 'about 10 s'],
  [42_000, 'about 40 s'],
  [58_000, 'about 1 min'],
  [12 * 60_000 + 10_000, 'about 12 min'],
  [59.7 * 60_000, 'about 1 h'],
  [131 * 60_000, 'about 2 h 10 min'],
])('%i ms are %s', (ms, text) => {
  expect(roughly(ms)).toBe(text);
});
