import { describe, expect, test } from 'vitest';
import { loadFleet } from '../../src/documents/fleet.ts';
import { forecastFleet } from '../../src/fleet/forecast.ts';
import { makeFleetPlan, type PlannedCluster, tooLong } from '../../src/fleet/make-plan.ts';
import { limitClusters } from '../../src/fleet/names.ts';
import { fleetPlan, stage } from './plans.ts';
import { frozenPlan } from './rig.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 1, 12);

function fleet(amount: number, stages: string) {
  const clusters = Array.from({ length: amount }, (_, at) => `  - { name: c${at}, inventory: c${at}/i.yaml }\n`).join(
    '',
  );
  const text = `apiVersion: runbook/v1\nkind: Fleet\nname: prod\nclusters:\n${clusters}strategy:\n  stages:\n${stages}`;
  const loaded = loadFleet('/fleet/fleet.yaml', text);
  if (!loaded.value) throw new Error(JSON.stringify(loaded.diagnostics));
  return { ...loaded, value: loaded.value };
}

const planned = (name: string): PlannedCluster => ({
  name,
  site: 'default',
  from: ['1.31.9'],
  plan: frozenPlan(),
  refusals: [],
  code: 0,
});
const all = (amount: number) => Array.from({ length: amount }, (_, at) => planned(`c${at}`));

test('shares are of the clusters of a stage: failures rounded down, those at a time rounded up', () => {
  const of = fleet(7, "    - { name: all, clusters: 'true', maxConcurrent: 25%, maxFailures: 25% }\n");
  const plan = makeFleetPlan({ fleet: of, inputs: {}, planned: all(7), now: NOW });
  expect(plan?.stages).toMatchObject([{ maxConcurrent: 2, maxFailures: 1 }]);
  const few = makeFleetPlan({ fleet: of, inputs: {}, planned: all(2), now: NOW });
  expect(few?.stages).toMatchObject([{ clusters: ['c0', 'c1'], maxConcurrent: 1, maxFailures: 0 }]);
});

test('a cluster without a plan, and one that no stage takes, are not part of it', () => {
  const of = fleet(3, "    - { name: some, clusters: name != 'c2' }\n");
  const { plan: _gone, ...without } = planned('c1');
  const plan = makeFleetPlan({
    fleet: of,
    inputs: { a: '1' },
    planned: [planned('c0'), without, planned('c2')],
    now: NOW,
  });
  expect(plan?.clusters.map(({ name }) => name)).toEqual(['c0']);
  expect(plan).toMatchObject({ inputs: { a: '1' }, fleet: { name: 'prod', file: '/fleet/fleet.yaml' } });
  expect(makeFleetPlan({ fleet: of, inputs: {}, planned: [without], now: NOW })).toBeUndefined();
});

test('gates and windows are as in a runbook, with their defaults and expressions', () => {
  const of = fleet(
    1,
    "    - { name: a, clusters: 'true', gate: { run: 'test ${{ 1 + 1 }} = 2' }, window: { from: '22:00', timezone: UTC } }\n",
  );
  expect(makeFleetPlan({ fleet: of, inputs: {}, planned: all(1), now: NOW })?.stages).toMatchObject([
    {
      gate: { ask: { kind: 'run', script: 'test 2 = 2', place: 'local' }, every: 15_000 },
      window: { from: '22:00', to: '00:00', timezone: 'UTC' },
    },
  ]);
});

test('a run that takes longer than the window of its stage is open is told', () => {
  const window = { from: '22:00', to: '23:00', timezone: 'UTC' };
  const plan = fleetPlan([stage('a', ['long', 'short'], { window })], {
    long: { expected: 61 * MINUTE },
    short: { expected: 59 * MINUTE },
  });
  expect([...tooLong(plan, NOW)]).toEqual([['long', expect.stringContaining('is open for 1h')]]);
});

test('dates are those of the same decisions: limits, soaks and windows are in them', () => {
  const plan = fleetPlan(
    [
      stage('a', ['a1'], { soak: 60 * MINUTE, approve: true }),
      stage('b', ['b1', 'b2', 'b3'], { maxConcurrent: 2, window: { from: '20:00', to: '23:00', timezone: 'UTC' } }),
      stage('c', ['c1']),
    ],
    { c1: { changes: 0 } },
  );
  const at = (hour: number, minute: number) => Date.UTC(2026, 0, 1, hour, minute);
  expect(forecastFleet(plan, at(12, 0))).toEqual([
    { stage: 'a', from: at(12, 0), to: at(12, 10) },
    { stage: 'b', from: at(20, 0), to: at(20, 20) },
  ]);
});

describe('--limit', () => {
  const names = ['eu1', 'eu2', 'us1'];
  test.each([
    ['eu*', ['eu1', 'eu2']],
    ['!eu2', ['eu1', 'us1']],
    ['eu*,!eu2', ['eu1']],
    ['us1, eu1', ['eu1', 'us1']],
  ])('%s', (pattern, kept) => {
    expect(limitClusters(names, pattern)).toEqual(kept);
  });
  test.each(['eu9', '!x', '', 'eu1,!eu1'])('refuses %j', (pattern) => {
    expect(() => limitClusters(names, pattern)).toThrow(/--limit/);
  });
});
