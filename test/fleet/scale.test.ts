import { expect, test } from 'vitest';
import { decideFleet } from '../../src/fleet/decide.ts';
import { forecastFleet } from '../../src/fleet/forecast.ts';
import type { FleetPlan } from '../../src/fleet/plan.ts';
import type { FleetNews, FleetRecord } from '../../src/fleet/record.ts';
import { FleetFold, foldFleet } from '../../src/fleet/state.ts';
import { fleetPlan, stage } from './plans.ts';

/** Four stages, five clusters at a time. */
function large(clusters: number): FleetPlan {
  const stages = Array.from({ length: 4 }, (_, at) =>
    stage(
      `s${at}`,
      Array.from({ length: clusters / 4 }, (_one, index) => `c${at}-${index}`),
      { maxConcurrent: 5, maxFailures: 1 },
    ),
  );
  return fleetPlan(stages);
}

/** A whole fleet run at the level of its records, by the same decisions. @returns the records, and how many decisions */
function run(plan: FleetPlan): { readonly records: readonly FleetRecord[]; readonly decisions: number } {
  const fold = new FleetFold(plan);
  const records: FleetRecord[] = [];
  const running: string[] = [];
  let decisions = 0;
  const add = (news: FleetNews): void => {
    const record: FleetRecord = { ...news, at: new Date(records.length * 1000).toISOString() };
    records.push(record);
    fold.add(record);
  };
  for (;;) {
    decisions += 1;
    const { actions } = decideFleet(plan, fold.state, records.length * 1000);
    if (actions.some(({ type }) => type === 'end')) return { records, decisions };
    for (const action of actions) {
      if (action.type !== 'start') continue;
      add({ type: 'cluster-started', cluster: action.cluster, attempt: action.attempt });
      add({ type: 'cluster-run', cluster: action.cluster, run: `run-${action.cluster}` });
      running.push(action.cluster);
    }
    const cluster = running.shift();
    if (cluster !== undefined) add({ type: 'cluster-ended', cluster, outcome: 'done', reason: '' });
  }
}

/** Of several tries the fastest, in milliseconds: others use the machine too. */
function fastest(work: () => void): number {
  const tries = Array.from({ length: 7 }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
  return Math.min(...tries);
}

test('records, decisions and their cost grow with the clusters, and not with their square', () => {
  const [few, many] = [large(1000), large(8000)];
  const [small, big] = [run(few), run(many)];
  expect(small.records).toHaveLength(3000);
  expect(big.records).toHaveLength(24_000);
  expect(big.decisions / small.decisions).toBeLessThan(9);
  const ratio = (work: (plan: FleetPlan, records: readonly FleetRecord[]) => unknown): number =>
    fastest(() => work(many, big.records)) / fastest(() => work(few, small.records));
  // Eight times as many: linear is 8, the square 64.
  expect(ratio((plan, records) => foldFleet(plan, records))).toBeLessThan(24);
  expect(ratio((plan) => run(plan))).toBeLessThan(32);
  expect(ratio((plan) => forecastFleet(plan, 0))).toBeLessThan(32);
});
