import { expect, test } from 'vitest';
import { turnOf } from '../../../src/fleet/database/turn.ts';
import type { FleetNews, FleetRecord } from '../../../src/fleet/record.ts';
import { fleetPlan, stage } from '../plans.ts';

const BY = { user: 'ops', host: 'laptop' };
const NOW = Date.parse('2026-03-01T12:00:00Z');
const at = (news: FleetNews, ms = NOW): FleetRecord => ({ ...news, at: new Date(ms).toISOString() });
const begun = at({ type: 'fleet-started', run: 'r', plan: 'p', by: BY });

test('a look keeps each start once, and names what runs however often it is asked', () => {
  const plan = fleetPlan([stage('all', ['a', 'b', 'c'], { maxConcurrent: 2 })]);
  const first = turnOf(plan, [begun], [], NOW);
  expect(first.news).toEqual([
    { type: 'cluster-started', cluster: 'a', attempt: 1 },
    { type: 'cluster-started', cluster: 'b', attempt: 1 },
  ]);
  // Its worker died between what it kept and what it would have begun.
  const again = turnOf(plan, [begun, ...first.news.map((one) => at(one))], [], NOW);
  expect(again.news).toEqual([]);
  expect(again.running).toEqual(first.running);
  expect(again.running.map(({ cluster }) => cluster)).toEqual(['a', 'b']);
});

test('the last end of a cluster ends the fleet run in the same look', () => {
  const plan = fleetPlan([stage('all', ['a'])]);
  const records = [
    begun,
    at({ type: 'cluster-started', cluster: 'a', attempt: 1 }),
    at({ type: 'cluster-ended', cluster: 'a', outcome: 'done', reason: '' }),
  ];
  expect(turnOf(plan, records, [], NOW)).toMatchObject({
    news: [{ type: 'fleet-ended', outcome: 'done', reason: 'every stage is over' }],
    running: [],
    over: true,
  });
});

test('a soak says when to look again, and an approval in time starts the next stage', () => {
  const plan = fleetPlan([stage('canary', ['a'], { soak: 60_000, approve: true }), stage('rest', ['b'])]);
  const records = [
    begun,
    at({ type: 'cluster-started', cluster: 'a', attempt: 1 }),
    at({ type: 'cluster-ended', cluster: 'a', outcome: 'done', reason: '' }),
  ];
  expect(turnOf(plan, records, [], NOW)).toMatchObject({ news: [], running: [], wakeAt: NOW + 60_000 });
  const approve = { type: 'approve', stage: 'canary', by: BY } as const;
  expect(turnOf(plan, records, [approve], NOW + 60_000).news).toEqual([
    { type: 'stage-approved', stage: 'canary', by: BY },
    { type: 'cluster-started', cluster: 'b', attempt: 1 },
  ]);
});

test('a request that comes to nothing says why, and is not recorded', () => {
  const plan = fleetPlan([stage('all', ['a'])]);
  const requests = [
    { type: 'approve', stage: 'all', by: BY },
    { type: 'unpause', by: BY },
  ] as const;
  const turn = turnOf(plan, [begun], requests, NOW);
  expect(turn.refused).toEqual(['stage all waits for no approval now', 'it is not paused']);
  expect(turn.news).toEqual([{ type: 'cluster-started', cluster: 'a', attempt: 1 }]);
});

test('a gate is asked before a start, not after it has failed', () => {
  const ask = { kind: 'run', script: 'true', place: 'local' } as const;
  const plan = fleetPlan([stage('all', ['a'], { gate: { ask, for: 0, every: 1000, timeout: 1000 } })]);
  expect(turnOf(plan, [begun], [], NOW)).toMatchObject({ news: [], gates: ['all'] });
  const failed = at({ type: 'gate-failed', stage: 'all', reason: 'no' });
  expect(turnOf(plan, [begun, failed], [], NOW)).toMatchObject({ gates: [], over: true });
});
