import { expect, test } from 'vitest';
import { createWorld } from '../../src/lab/lab.ts';
import { coursesOf, SCENARIO } from './random-runs.ts';
import { randomCluster, templates } from './random-cluster.ts';
import { documentOf, timeOf } from './twins.ts';

test('a rehearsal on the twin of a random cluster ends as the run there does, with the same steps and drained pods', async () => {
  const { run, rehearsal } = await coursesOf(randomCluster(6, await templates()));
  expect(run.steps.length).toBeGreaterThan(10);
  expect(rehearsal).toEqual(run);
});

test('a drain that a budget holds fails a rehearsal as it fails the run, and the node is uncordoned again', async () => {
  const time = timeOf();
  const world = await createWorld({
    controlPlanes: 1,
    workers: 2,
    problems: ['blocked-pdb'],
    clock: time,
    quick: true,
  });
  const overrides = [{ guard: 'drain-blocked', reason: 'its owner knows' }];
  const { run, rehearsal } = await coursesOf(await documentOf(world, time), { ...SCENARIO, overrides });
  expect(run).toMatchObject({ end: expect.stringMatching(/^failed worker-\d .*drain$/), cordoned: [] });
  expect(rehearsal).toEqual(run);
});
