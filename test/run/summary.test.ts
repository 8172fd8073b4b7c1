import { expect, test } from 'vitest';
import type { StepProgress } from '../../src/journal/progress.ts';
import { statusSchema } from '../../src/render/status-data.ts';
import { stepRows } from '../../src/run/summary.ts';
import { planOf, step } from '../engine/bench.ts';

test('the schema of a status has all that a step can have', () => {
  const plan = planOf(['n1'], [step('n1', '1.1-a'), step('n1', '1.2-b'), step('n1', '1.3-c')]);
  const steps = new Map<string, StepProgress>([
    [
      'n1/1.1-a',
      { attempts: 1, outcome: 'failed', reason: 'exited with 1', continued: true, outputs: { pool: 'blue' } },
    ],
    ['n1/1.2-b', { attempts: 2, last: { attempt: 2, host: 'n1' } }],
  ]);
  const progress = { state: 'stopped', epoch: 1, resumed: 0, worked: 0, steps } as const;
  const rows = stepRows({ folder: { id: 'r', path: '', journal: '' }, plan, progress }, { kind: 'none' });
  expect(rows).toMatchObject([
    { outcome: 'failed', continued: true, outputs: { pool: 'blue' } },
    { outcome: 'left-running', host: 'n1' },
    { outcome: 'pending' },
  ]);
  expect(statusSchema.shape.steps.parse(rows)).toEqual(rows);
});
