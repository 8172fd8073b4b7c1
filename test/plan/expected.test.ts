import { describe, expect, it } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { estimatePlan, expectedOf, takesOf } from '../../src/plan/estimate.ts';
import type { Measured } from '../../src/plan/expected.ts';
import { planDigest } from '../../src/plan/plan.ts';
import { planOf, step } from '../engine/bench.ts';

const drain = (role: Measured['role'], minor: string, duration: number, name = 'drain'): Measured => ({
  action: 'drain',
  name,
  role,
  minor,
  duration,
});

function drainOf(measured: readonly Measured[]) {
  const plan = {
    ...planOf(['a'], [step('a', '6.4-drain', { action: 'drain', timeout: 600_000 })]),
    inputs: { version: '1.33.2' },
  };
  const [expected] = expectedOf(plan, measured, actions);
  return expected && { takes: expected.takes, measured: expected.measured };
}

describe('how long a step is expected to take', () => {
  const [a] = planOf(['a'], []).nodes;
  const role = a?.role ?? 'other';
  const other = role === 'worker' ? 'control-plane' : 'worker';

  it('is what its action usually takes, where nothing was measured', () => {
    expect(drainOf([])).toEqual({ takes: 120_000, measured: undefined });
  });

  it('is the median of what the same step took on nodes of its role, towards the same minor release', () => {
    const same = [9000, 7000, 50_000].map((duration) => drain(role, '1.33', duration));
    expect(drainOf([...same, drain(role, '1.32', 1), drain(other, '1.33', 2)])).toEqual({ takes: 9000, measured: 3 });
  });

  it('is that of another release, another role and another step with its action, in this order', () => {
    const away = drain(other, '1.32', 3000, 'drain-again');
    expect(drainOf([away])).toEqual({ takes: 3000, measured: 1 });
    expect(drainOf([away, drain(other, '1.32', 2000)])).toEqual({ takes: 2000, measured: 1 });
    expect(drainOf([away, drain(other, '1.32', 2000), drain(role, '1.31', 1000)])).toEqual({
      takes: 1000,
      measured: 1,
    });
  });

  it('of a `run` step is never that of one with another name', () => {
    const plan = planOf(['a'], [step('a', '1.1-back-up', { action: 'run' })]);
    const own = { action: 'run', name: 'tidy-up', role, minor: undefined, duration: 1 };
    expect(expectedOf(plan, [own], actions)[0]?.takes).toBe(30_000);
    expect(expectedOf(plan, [{ ...own, name: 'back-up' }], actions)[0]?.takes).toBe(1);
  });

  it('is in no digest, and makes the time of the plan', () => {
    const plan = planOf(['a'], [step('a', '6.4-drain', { action: 'drain', timeout: 600_000 })]);
    const expected = expectedOf(plan, [drain(role, '1.33', 7000)], actions);
    expect(planDigest({ ...plan, expected })).toBe(planDigest(plan));
    expect(estimatePlan({ ...plan, expected }, actions)).toBe(7000);
    expect(takesOf({ ...plan, expected }, actions)(step('a', '6.4-drain', { action: 'drain', timeout: 600_000 }))).toBe(
      7000,
    );
  });
});
