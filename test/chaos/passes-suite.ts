import { expect, test } from 'vitest';
import type { Seams } from '../../src/rehearse/controller.ts';
import { disturbPasses, passPoints, type PassPoint } from './passes.ts';
import { sampleOf } from './points.ts';

const SEED = 20261129;
const FAILURES_SHOWN = 3;

/** What goes wrong at these points. */
export async function passFailures(points: readonly PassPoint[], seams: Seams = {}): Promise<string[]> {
  const failures: string[] = [];
  for (const point of points) {
    const { violations, struck, story } = await disturbPasses(point, seams);
    const problems = struck ? violations : [...violations, 'it was never reached'];
    if (problems.length > 0) failures.push([JSON.stringify(point), ...problems, ...story].join('\n'));
  }
  return failures;
}

/** A sample of `count` of the moments at which a controller may end; all of them with `CHAOS_POINTS=all`. */
export function passesSuite(count: number, seed = SEED): void {
  test('wherever a controller ends: each effect once per pass, what always runs and each notification at most once', async () => {
    const whole = await disturbPasses(undefined);
    expect(whole.violations, whole.story.join('\n')).toEqual([]);
    expect(whole.seen.notifications).toBe(3);
    const points = passPoints(whole.seen);
    const chosen = process.env['CHAOS_POINTS'] === 'all' ? points : sampleOf(points, count, seed);
    const failures = await passFailures(chosen);
    expect(failures.slice(0, FAILURES_SHOWN), `${failures.length} of ${chosen.length} points`).toEqual([]);
  }, 3_600_000);
}
