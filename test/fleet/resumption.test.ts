import { expect, test } from 'vitest';
import type { FleetNews } from '../../src/fleet/record.ts';
import { resumption } from '../../src/fleet/resumption.ts';
import { FleetFold } from '../../src/fleet/state.ts';
import { fleetPlan, stage } from './plans.ts';

const by = { user: 'ann', host: 'desk' };
const stages = [stage('one', ['a', 'b'], { maxFailures: 1 }), stage('two', ['c', 'd'], { maxConcurrent: 2 })];
const plan = fleetPlan(stages, { b: { changes: 0 } });

function state(...news: FleetNews[]) {
  const fold = new FleetFold(plan);
  for (const one of news) fold.add({ ...one, at: '2026-01-01T00:00:00.000Z' });
  return fold.state;
}

const failed = (cluster: string): FleetNews[] => [
  { type: 'cluster-started', cluster, attempt: 1 },
  { type: 'cluster-ended', cluster, outcome: 'failed', reason: 'why' },
];
const ended: FleetNews = { type: 'fleet-ended', outcome: 'failed', reason: 'why' };

test('the failed clusters of the stage that stopped it run again, but for those that are settled', () => {
  const over = state(...failed('a'), ...failed('c'), ...failed('d'), ended);
  const reason = 'by hand';
  expect(resumption(plan, over, by, { retry: [], settle: [{ cluster: 'd', reason }] })).toEqual([
    { type: 'cluster-settled', cluster: 'd', by, reason },
    { type: 'fleet-resumed', by, again: ['c'] },
  ]);
  expect(resumption(plan, over, by, { retry: ['a', 'c'], settle: [] })).toEqual([
    { type: 'fleet-resumed', by, again: ['c', 'd', 'a'] },
  ]);
});

test('where only the driver is gone, no cluster that failed runs again unasked', () => {
  expect(resumption(plan, state(...failed('a')), by, { retry: [], settle: [] })).toEqual([
    { type: 'fleet-resumed', by, again: [] },
  ]);
});
