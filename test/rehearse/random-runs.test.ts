import { expect, test } from 'vitest';
import { coursesOf } from './random-runs.ts';
import { randomCluster, templates } from './random-cluster.ts';

test('a rehearsal on the twin of a random cluster ends as the run there does, with the same steps and drained pods', async () => {
  const { run, rehearsal } = await coursesOf(randomCluster(6, await templates()));
  expect(run.steps.length).toBeGreaterThan(10);
  expect(rehearsal).toEqual(run);
});
