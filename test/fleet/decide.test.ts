import { expect, test } from 'vitest';
import { againOf, approvableStage, decideFleet } from '../../src/fleet/decide.ts';
import type { FleetPlan } from '../../src/fleet/plan.ts';
import type { FleetNews } from '../../src/fleet/record.ts';
import { FleetFold } from '../../src/fleet/state.ts';
import { fleetPlan, stage } from './plans.ts';

const by = { user: 'ann', host: 'desk' };
const T0 = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

const started = (cluster: string, attempt = 1): FleetNews => ({ type: 'cluster-started', cluster, attempt });
const done = (cluster: string): FleetNews => ({ type: 'cluster-ended', cluster, outcome: 'done', reason: '' });
const failed = (cluster: string): FleetNews => ({ type: 'cluster-ended', cluster, outcome: 'failed', reason: 'why' });
const resumed = (...again: string[]): FleetNews => ({ type: 'fleet-resumed', by, again });

/** The state after these records, one a minute. */
function after(plan: FleetPlan, ...news: FleetNews[]) {
  const fold = new FleetFold(plan);
  for (const [minute, one] of news.entries()) fold.add({ ...one, at: new Date(T0 + minute * MINUTE).toISOString() });
  return fold.state;
}

const start = (cluster: string, attempt = 1) => ({ type: 'start', cluster, attempt });

const two = fleetPlan([
  stage('canary', ['c1'], { soak: 10 * MINUTE, approve: true }),
  stage('rest', ['r1', 'r2', 'r3'], { maxConcurrent: 2, maxFailures: 1 }),
]);
const gate = { ask: { kind: 'run', script: 'true', place: 'local' }, for: 0, every: 1000, timeout: 60_000 } as const;
const gated = fleetPlan([stage('all', ['a', 'b'], { gate })]);

test.each<[string, FleetPlan, FleetNews[], object[], object[]]>([
  ['the first stage starts first', two, [], [start('c1')], []],
  ['a stage waits for its runs', two, [started('c1')], [], [{ for: 'clusters', stage: 'canary', clusters: ['c1'] }]],
  ['then it soaks', two, [started('c1'), done('c1')], [], [{ for: 'soak', stage: 'canary', until: T0 + 11 * MINUTE }]],
  [
    'a failure above the budget ends it',
    two,
    [started('c1'), failed('c1')],
    [{ type: 'end', outcome: 'failed', reason: 'stage canary: c1 failed, and none may fail' }],
    [],
  ],
  [
    'a failed cluster runs again after a resume, as its second attempt',
    two,
    [started('c1'), failed('c1'), resumed('c1')],
    [start('c1', 2)],
    [],
  ],
  [
    'one that is settled does not, and no longer counts',
    two,
    [started('c1'), failed('c1'), { type: 'cluster-settled', cluster: 'c1', by, reason: 'by hand' }],
    [],
    [{ for: 'soak', stage: 'canary', until: T0 + 11 * MINUTE }],
  ],
  ['nothing starts while it is paused', two, [{ type: 'paused', by }], [], [{ for: 'unpause', by: 'ann' }]],
  [
    'and goes on after',
    two,
    [
      { type: 'paused', by },
      { type: 'unpaused', by },
    ],
    [start('c1')],
    [],
  ],
  [
    'what is cancelled stops its runs',
    two,
    [started('c1'), { type: 'cancelled', by, reason: 'no' }],
    [{ type: 'stop', cluster: 'c1' }],
    [{ for: 'clusters', stage: '', clusters: ['c1'] }],
  ],
  [
    'and ends',
    two,
    [started('c1'), { type: 'cancelled', by, reason: 'no' }, failed('c1')],
    [{ type: 'end', outcome: 'cancelled', reason: 'no' }],
    [],
  ],
  ['what has ended does nothing', two, [{ type: 'fleet-ended', outcome: 'done', reason: '' }], [], []],
  ['a gate is asked before a start', gated, [], [{ type: 'ask-gate', stage: 'all' }], [{ for: 'gate', stage: 'all' }]],
  ['where it holds, what there is room for starts', gated, [{ type: 'gate-held', stage: 'all' }], [start('a')], []],
  [
    'it is asked again before the next one',
    gated,
    [{ type: 'gate-held', stage: 'all' }, started('a'), done('a')],
    [{ type: 'ask-gate', stage: 'all' }],
    [{ for: 'gate', stage: 'all' }],
  ],
  [
    'where it does not come to hold, the run ends',
    gated,
    [{ type: 'gate-failed', stage: 'all', reason: 'no' }],
    [{ type: 'end', outcome: 'failed', reason: 'no' }],
    [],
  ],
  [
    'and a resume asks it again',
    gated,
    [{ type: 'gate-failed', stage: 'all', reason: 'no' }, resumed()],
    [{ type: 'ask-gate', stage: 'all' }],
    [{ for: 'gate', stage: 'all' }],
  ],
])('%s', (_title, plan, news, actions, waits) => {
  const decision = decideFleet(plan, after(plan, ...news), T0 + 5 * MINUTE);
  expect(decision.actions).toEqual(actions);
  if (waits.length > 0) expect(decision.waits).toEqual(waits);
});

const CANARY = [started('c1'), done('c1')];

test('after the soak someone approves, and then the next stage starts as many as it may', () => {
  const soaked = T0 + 11 * MINUTE;
  expect(decideFleet(two, after(two, ...CANARY), soaked - 1)).toMatchObject({ actions: [], wakeAt: soaked });
  expect(decideFleet(two, after(two, ...CANARY), soaked).waits).toEqual([{ for: 'approval', stage: 'canary' }]);
  const approved = after(two, ...CANARY, { type: 'stage-approved', stage: 'canary', by });
  expect(decideFleet(two, approved, soaked - 1).actions).toEqual([]);
  expect(decideFleet(two, approved, soaked).actions).toEqual([start('r1'), start('r2')]);
});

test('an approval counts for what was there to see: a run that ends later needs another', () => {
  const state = after(two, { type: 'stage-approved', stage: 'canary', by }, ...CANARY);
  expect(decideFleet(two, state, T0 + 60 * MINUTE).waits).toEqual([{ for: 'approval', stage: 'canary' }]);
});

test('a stage can be approved once it is over, and no other one', () => {
  expect(approvableStage(two, after(two))).toBeUndefined();
  expect(approvableStage(two, after(two, started('c1')))).toBeUndefined();
  expect(approvableStage(two, after(two, ...CANARY))).toBe('canary');
  expect(approvableStage(two, after(two, ...CANARY, { type: 'stage-approved', stage: 'canary', by }))).toBeUndefined();
});

const later = (...news: FleetNews[]) => after(two, ...CANARY, { type: 'stage-approved', stage: 'canary', by }, ...news);

test('within its budget a stage goes on, and the end names who is missing', () => {
  const one = later(started('r1'), started('r2'), failed('r1'));
  expect(decideFleet(two, one, T0 + 60 * MINUTE).actions).toEqual([start('r3')]);
  const all = later(started('r1'), started('r2'), failed('r1'), done('r2'), started('r3'), done('r3'));
  expect(decideFleet(two, all, T0 + 60 * MINUTE).actions).toEqual([
    { type: 'end', outcome: 'failed', reason: 'every stage is over, without r1' },
  ]);
});

test('above it nothing starts, and what runs is waited for', () => {
  const state = later(started('r1'), started('r2'), failed('r1'), failed('r2'));
  expect(decideFleet(two, state, T0 + 60 * MINUTE).actions).toMatchObject([{ type: 'end', outcome: 'failed' }]);
  const wide = fleetPlan([stage('all', ['a', 'b', 'c', 'd'], { maxConcurrent: 3 })]);
  const running = after(wide, started('a'), started('b'), started('c'), failed('a'));
  expect(decideFleet(wide, running, T0)).toEqual({
    actions: [],
    waits: [{ for: 'clusters', stage: 'all', clusters: ['b', 'c'] }],
  });
});

test('what runs again after a failed run: the failed of the stage that stopped it, or all where every stage is over', () => {
  const stopped = after(two, started('c1'), failed('c1'), { type: 'fleet-ended', outcome: 'failed', reason: '' });
  expect(againOf(two, stopped)).toEqual(['c1']);
  const early = fleetPlan([stage('one', ['a', 'b'], { maxFailures: 1 }), stage('two', ['c', 'd'])]);
  const second = after(early, started('a'), failed('a'), started('b'), done('b'), started('c'), failed('c'));
  expect(againOf(early, second)).toEqual(['c']);
  const over = after(
    early,
    started('a'),
    failed('a'),
    started('b'),
    done('b'),
    started('c'),
    done('c'),
    started('d'),
    done('d'),
  );
  expect(againOf(early, over)).toEqual(['a']);
});

test('a cluster with nothing to do is not started, and a stage of such clusters soaks for nothing', () => {
  const plan = fleetPlan([stage('a', ['a1'], { soak: 10 * MINUTE, approve: true }), stage('b', ['b1'])], {
    a1: { changes: 0 },
  });
  expect(decideFleet(plan, after(plan), T0).actions).toEqual([start('b1')]);
});

test('nothing is waited for where nothing follows', () => {
  const plan = fleetPlan([stage('a', ['a1'], { soak: 10 * MINUTE, approve: true }), stage('b', ['b1'])], {
    b1: { changes: 0 },
  });
  expect(decideFleet(plan, after(plan, started('a1'), done('a1')), T0).actions).toMatchObject([
    { type: 'end', outcome: 'done' },
  ]);
});

test('a cluster starts where its run would be over before the window closes', () => {
  const window = { from: '22:00', to: '23:00', timezone: 'UTC' };
  const plan = fleetPlan([stage('a', ['long', 'short'], { maxConcurrent: 2, window })], {
    long: { expected: 50 * MINUTE },
    short: { expected: 10 * MINUTE },
  });
  const at = (hour: number, minute: number) => Date.UTC(2026, 0, 1, hour, minute);
  expect(decideFleet(plan, after(plan), at(12, 0))).toMatchObject({ actions: [], wakeAt: at(22, 0) });
  expect(decideFleet(plan, after(plan), at(22, 0)).actions).toEqual([start('long'), start('short')]);
  expect(decideFleet(plan, after(plan), at(22, 30)).actions).toEqual([start('short')]);
  const left = after(plan, started('short'), done('short'));
  expect(decideFleet(plan, left, at(22, 30))).toMatchObject({ actions: [], wakeAt: at(22, 0) + 24 * 60 * MINUTE });
});

test('what a record names and the plan lacks changes nothing', () => {
  const state = after(two, started('x'), done('x'), { type: 'gate-held', stage: 'x' });
  expect(decideFleet(two, state, T0)).toEqual(decideFleet(two, after(two), T0));
});
