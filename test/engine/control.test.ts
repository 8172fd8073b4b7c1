import { expect, test } from 'vitest';
import { runPlan } from '../../src/engine/run.ts';
import { foldJournal, isSettled } from '../../src/journal/progress.ts';
import { Bench, planOf, step } from './bench.ts';

const bad = { end: { kind: 'exited', code: 7 } } as const;
const running = { end: { kind: 'running' } } as const;

test('the pauses between retries are those of `retryDelay`', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a', { retries: 3, retryDelay: 10_000 })]));
  bench.node('n1').behaviours.push(bad, bad, bad);
  expect((await runPlan(bench.context())).outcome).toBe('done');
  expect(bench.clock.time).toBe(30_000);
});

test('with `continueOnError` a failed step is counted, and its node and the run continue', async () => {
  const steps = [step('n1', '1.1-a', { continueOnError: true }), step('n1', '1.2-b')];
  const bench = new Bench(planOf(['n1'], steps));
  bench.node('n1').behaviours.push(bad);
  const result = await runPlan(bench.context());
  expect(result).toMatchObject({ outcome: 'done', counts: { failed: 1, changed: 1 } });
  expect(bench.events.find(({ type }) => type === 'step-finished')).toMatchObject({ continued: true });
  expect(bench.records.find(({ type }) => type === 'step-finished')).toMatchObject({ continued: true });
  expect(isSettled(foldJournal(bench.records).steps.get('n1/1.1-a'))).toBe(true);
});

test('a controller that ends after a failure that was passed does not try the step again', async () => {
  const steps = [step('n1', '1.1-a', { continueOnError: true, retries: 1 }), step('n1', '1.2-b')];
  const bench = new Bench(planOf(['n1'], steps));
  bench.node('n1').behaviours.push(bad, bad);
  bench.onRecord = ({ type }) => {
    if (type === 'step-finished') throw new Error('killed');
  };
  await expect(runPlan(bench.context())).rejects.toThrow('killed');
  bench.onRecord = () => undefined;
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'done', counts: { failed: 1, changed: 1 } });
  expect(bench.node('n1').ran).toEqual(['do 1.1-a', 'do 1.1-a', 'do 1.2-b']);
});

test('`continueOnError` does not pass an outcome that is not known', async () => {
  const steps = [step('n1', '1.1-a', { continueOnError: true, onTimeout: 'leave' }), step('n1', '1.2-b')];
  const bench = new Bench(planOf(['n1'], steps));
  bench.node('n1').behaviours.push(running);
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'failed', counts: { unknown: 1 } });
  expect(bench.node('n1').ran).toEqual(['do 1.1-a']);
});
