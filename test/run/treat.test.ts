import { expect, test } from 'vitest';
import { runPlan } from '../../src/engine/run.ts';
import type { StepProgress } from '../../src/journal/progress.ts';
import { parseTreats, requireTreatable } from '../../src/run/treat.ts';
import { Bench, planOf, step } from '../engine/bench.ts';

const PLAN = planOf(['n1'], [step('n1', '1.1-a'), step('n1', '1.2-b')]);

test('an answer is done, again or skip, with a reason where one is given', () => {
  expect(parseTreats(['n1/1.1-a=skip: not = needed: here', 'n1/1.2-b=done'], PLAN)).toEqual([
    { node: 'n1', step: '1.1-a', as: 'skip', reason: 'not = needed: here' },
    { node: 'n1', step: '1.2-b', as: 'done' },
  ]);
  expect(() => parseTreats(['n1/1.1-a=undo'], PLAN)).toThrow('in the form NODE/STEP=done, NODE/STEP=again');
  expect(() => parseTreats(['n2/1.1-a=done'], PLAN)).toThrow('not a planned step of this run');
  expect(() => parseTreats(['n1/1.1-a=done', 'n1/1.1-a=again'], PLAN)).toThrow('two answers for n1/1.1-a');
});

test.each<[string, StepProgress | undefined]>([
  ['it has not begun', undefined],
  ['it has ended as changed (exited with 0)', { attempts: 1, outcome: 'changed', reason: 'exited with 0' }],
  ['it has ended as skipped', { attempts: 0, outcome: 'skipped' }],
  [
    'it failed (exited with 1), and the runbook let',
    { attempts: 1, outcome: 'failed', reason: 'exited with 1', continued: true },
  ],
  ['its attempt 2 on n1 has no end yet', { attempts: 2, last: { attempt: 2, host: 'n1' } }],
  ['its attempt 1 has ended', { attempts: 1, last: { attempt: 1, host: 'n1', ended: { kind: 'exited', code: 1 } } }],
])('a step that takes no answer is refused with what it is: %s', (words, known) => {
  const steps = new Map(known ? [['n1/1.1-a', known]] : []);
  expect(() => requireTreatable(steps, parseTreats(['n1/1.1-a=done'], PLAN))).toThrow(`--treat n1/1.1-a: ${words}`);
});

test.each([
  ['done', { changed: 2, skipped: 0 }, 1],
  ['skip', { changed: 1, skipped: 1 }, 1],
  ['again', { changed: 2, skipped: 0 }, 2],
] as const)('a failed step that is treated as %s lets its node go on', async (as, counts, times) => {
  const bench = new Bench(PLAN);
  bench.node('n1').behaviours.push({ end: { kind: 'exited', code: 7 } });
  expect((await runPlan(bench.context())).outcome).toBe('failed');
  bench.records.push({ v: 3, seq: 99, at: '', type: 'step-treated', step: '1.1-a', node: 'n1', as, by: 'ann' });
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'done', counts });
  expect(bench.node('n1').ran).toEqual([...Array.from({ length: times }, () => 'do 1.1-a'), 'do 1.2-b']);
});
