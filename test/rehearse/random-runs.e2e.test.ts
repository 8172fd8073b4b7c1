import { beforeAll, expect, test } from 'vitest';
import { randomCluster, templates, type Templates } from './random-cluster.ts';
import { coursesOf, SCENARIO } from './random-runs.ts';

let made: Templates;
beforeAll(async () => {
  made = await templates();
});

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

test.each(seeds)('the rehearsal on random cluster %i ends as the run does', { timeout: 900_000 }, async (seed) => {
  const { run, rehearsal } = await coursesOf(randomCluster(seed, made), SCENARIO, seed % 4 !== 0);
  expect(run.steps.length).toBeGreaterThan(0);
  expect(rehearsal).toEqual(run);
});
