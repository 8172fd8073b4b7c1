import { expect, test } from 'vitest';
import { planFor } from './scale.ts';

test('the work of a plan grows with the nodes, not with their square', async () => {
  await planFor(40);
  const small = await planFor(40);
  const large = await planFor(400);
  const steps = large.plan.phases.flatMap((phase) => phase.steps);
  expect(steps.filter((step) => step.node === 'worker-397')).toHaveLength(9);
  expect(large.plan.findings.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  expect(large.cpu / small.cpu).toBeLessThanOrEqual(13);
}, 120_000);
