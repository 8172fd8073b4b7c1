import { expect, test } from 'vitest';
import { growth } from './scale.ts';

test('the work of a plan grows with the nodes, not with their square', async () => {
  const { large, ratio } = await growth(60, 300);
  const steps = large.plan.phases.flatMap((phase) => phase.steps);
  expect(steps.filter((step) => step.node === 'worker-297')).toHaveLength(9);
  expect(large.plan.findings.filter(({ severity }) => severity === 'refuse')).toEqual([]);
  expect(ratio).toBeLessThanOrEqual(12);
});
