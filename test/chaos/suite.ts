import { expect, test } from 'vitest';
import { recordBaseline } from './baseline.ts';
import { allPoints, type CrashPoint, describe, sample } from './points.ts';
import { disturb, type Verdict } from './trial.ts';

const SEED = 20260314;
const FAILURES_SHOWN = 5;

/**
 * Which points are tried: `CHAOS_POINTS` = a number of them (a sample by `CHAOS_SEED`) or `all`; `CHAOS_POINT` = one
 * alone.
 */
function chosen(points: readonly CrashPoint[], count: number): CrashPoint[] {
  const { CHAOS_POINT, CHAOS_POINTS, CHAOS_SEED } = process.env;
  if (CHAOS_POINT !== undefined) return points.filter((point) => point.number === Number(CHAOS_POINT));
  if (CHAOS_POINTS === 'all') return [...points];
  return sample(points, Number(CHAOS_POINTS ?? count), Number(CHAOS_SEED ?? SEED));
}

/** A sample of `count` crash points; several files may share it, so that each has a processor of its own. */
export function chaosSuite(count: number, part = 1, parts = 1): void {
  test(
    `an upgrade that is disturbed at any point ends as if nothing had happened (part ${part} of ${parts})`,
    async () => {
      const baseline = await recordBaseline();
      const points = chosen(allPoints(baseline), count).filter((_, index) => index % parts === part - 1);
      const failures: string[] = [];
      let shown = Date.now();
      for (const [index, point] of points.entries()) {
        if (Date.now() - shown > 20_000) {
          console.log(`chaos, part ${part}: ${index} of ${points.length} crash points, ${failures.length} failures`);
          shown = Date.now();
        }
        const failure = failureOf(point, await disturb(baseline, point, { whole: point.number % 200 === 0 }));
        if (failure !== undefined) failures.push(failure);
        if (failure !== undefined && failures.length <= FAILURES_SHOWN) console.log(failure);
      }
      console.log(`chaos, part ${part}: ${points.length} crash points tried, ${failures.length} failures`);
      expect(failures.slice(0, FAILURES_SHOWN)).toEqual([]);
    },
    24 * 3_600_000,
  );
}

function failureOf(point: CrashPoint, verdict: Verdict): string | undefined {
  const problems = verdict.struck
    ? verdict.violations
    : [...verdict.violations, 'nothing struck: it was never reached'];
  if (problems.length === 0 && process.env['CHAOS_POINT'] === undefined) return undefined;
  const lines = [
    describe(point),
    ...problems.map((problem) => `  ${problem}`),
    ...verdict.story.map((line) => `    ${line}`),
  ];
  if (problems.length === 0) {
    console.log(lines.join('\n'));
    return undefined;
  }
  return [...lines, `  again: npm run chaos -- --point ${point.number}`].join('\n');
}
