import { expect, test } from 'vitest';
import { loadFleet } from '../../src/documents/fleet.ts';
import { decideFleet } from '../../src/fleet/decide.ts';
import { forecastFleet } from '../../src/fleet/forecast.ts';
import { makeFleetPlan } from '../../src/fleet/make-plan.ts';
import type { FleetPlan } from '../../src/fleet/plan.ts';
import type { FleetNews, FleetRecord } from '../../src/fleet/record.ts';
import { FleetFold, foldFleet } from '../../src/fleet/state.ts';
import { fleetPlan, stage } from './plans.ts';
import { frozenPlan } from './rig.ts';

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

/** How many times the CPU of the small fleet the large one takes: the least of several tries, once the code is compiled. */
function growth(few: () => unknown, many: () => unknown): number {
  const cpu = (work: () => unknown): number => {
    const before = process.cpuUsage();
    for (let time = 0; time < 5; time += 1) work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  // Whatever else the machine does makes it dearer, never cheaper.
  const least = (work: () => unknown): number => Math.min(...Array.from({ length: 9 }, () => cpu(work)));
  cpu(few);
  return least(many) / least(few);
}

test('records, decisions and their cost grow with the clusters, and not with their square', () => {
  const [few, many] = [large(400), large(2000)];
  const [small, big] = [run(few), run(many)];
  expect(small.records).toHaveLength(1200);
  expect(big.records).toHaveLength(6000);
  expect(big.decisions / small.decisions).toBeLessThan(6);
  // Five times as many: linear is 5, the square 25.
  expect(
    growth(
      () => foldFleet(few, small.records),
      () => foldFleet(many, big.records),
    ),
  ).toBeLessThan(16);
  expect(
    growth(
      () => run(few),
      () => run(many),
    ),
  ).toBeLessThan(16);
  expect(
    growth(
      () => forecastFleet(few, 0),
      () => forecastFleet(many, 0),
    ),
  ).toBeLessThan(16);
});

test('so does making the plan of a fleet from those of its clusters', () => {
  const plan = frozenPlan();
  const make = (amount: number) => {
    const names = Array.from({ length: amount }, (_, at) => `c${at}`);
    const clusters = names
      .map((name) => `  - { name: ${name}, inventory: ${name}.yaml, labels: { env: e } }\n`)
      .join('');
    const text = `apiVersion: runbook/v1\nkind: Fleet\nname: prod\nclusters:\n${clusters}strategy:\n  stages:\n    - { name: a, clusters: "name.endsWith('0')" }\n    - { name: b, clusters: "labels.env == 'e'" }\n`;
    const loaded = loadFleet('fleet.yaml', text);
    if (!loaded.value) throw new Error('it must load');
    const fleet = { ...loaded, value: loaded.value };
    const planned = names.map((name) => ({ name, site: 'default', from: [], plan, refusals: [], code: 0 }));
    return () => makeFleetPlan({ fleet, inputs: {}, planned, now: 0 });
  };
  expect(growth(make(400), make(2000))).toBeLessThan(16);
});
