import { expect, test } from 'vitest';
import { planDuration, planTime } from '../../src/render/plan-time.ts';
import { stampText, localZone } from '../../src/time-zone.ts';
import { planOf, step } from '../engine/bench.ts';

const HOUR = 3_600_000;

function planned(takes: number) {
  const plan = planOf(['a'], [step('a', '6.4-drain', { action: 'drain', timeout: 0 })]);
  const role = plan.nodes[0]?.role ?? 'other';
  return {
    ...plan,
    createdAt: '2026-12-05T12:00:00.000Z',
    expected: [{ step: '6.4-drain', role, takes, measured: 2 }],
  };
}
const local = (at: string) => stampText(Date.parse(at), localZone()).slice(0, 16);

test('a plan that is looked at later still says when it would have ended, from when it was made', () => {
  expect(planTime(planned(60_000))).toBe(
    `about 1 min; started at ${local('2026-12-05T12:00Z')}, it ends about ${local('2026-12-05T12:01Z').slice(11)} (1 of 1 kinds of step measured before)`,
  );
});

test('an end on another day has its date', () => {
  expect(planTime(planned(30 * HOUR))).toContain(`it ends about ${local('2026-12-06T18:00Z')} (`);
});

test('a plan in which nothing is due takes no time', () => {
  const { expected: _expected, ...plan } = planned(1);
  expect([planTime(plan), planDuration(plan), planTime({ ...plan, expected: [] })]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
