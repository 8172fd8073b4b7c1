import { expect, test } from 'vitest';
import { settledState, unlike } from '../chaos/state.ts';
import { KeptJournal } from '../../src/rehearse/kept-journal.ts';
import { outcomesOf } from './outcomes.ts';
import { rehearsalOf, sourceOf } from './stage.ts';

const SIZE = { controlPlanes: 1, workers: 1 };

test('a rehearsal ends as the run itself does, step for step, and leaves its twin as the run leaves the cluster', async () => {
  const source = await sourceOf(SIZE);
  const { twin, rehearsal, read } = await rehearsalOf(source, SIZE);
  const began = twin.time.now();
  expect(await rehearsal.start(await read())).toMatchObject({ outcome: 'done' });
  expect(twin.time.now() - began).toBeGreaterThan(5 * 60_000);

  const kept = new KeptJournal(() => source.cluster.time.now());
  await source.cluster.time.run(source.controller.run(source.plan, 'run-1', kept, source.facts));
  expect(outcomesOf(rehearsal.kept.records())).toEqual(outcomesOf(kept.records()));
  expect(unlike(await settledState(source.cluster.world), await settledState(twin.world))).toEqual([]);
});

test('a step that only waits takes as long as earlier runs measured it', async () => {
  const source = await sourceOf(SIZE);
  const waits = source.plan.phases.flatMap(({ steps }) => steps.filter(({ action }) => action === 'wait-node-ready'));
  const expected = (source.plan.expected ?? []).map((one) => {
    const isWait = waits.some(({ id }) => id === one.step) && one.role === 'control-plane';
    return isWait ? { ...one, takes: 84_000, measured: 3 } : one;
  });
  const { rehearsal, read } = await rehearsalOf({ ...source, plan: { ...source.plan, expected } }, SIZE);
  expect(await rehearsal.start(await read())).toMatchObject({ outcome: 'done' });
  const took = (node: string) =>
    rehearsal.kept.records().flatMap((record) => {
      const isWait = record.type === 'step-finished' && record.node === node && record.step.endsWith('wait-node-ready');
      return isWait ? [[record.outcome, Math.round(record.duration / 1000)]] : [];
    });
  expect(took('cp-1')).toEqual([
    ['unchanged', 84],
    ['unchanged', 84],
  ]);
  // Not measured: as long as the twin takes.
  for (const [outcome, seconds] of took('worker-1'))
    expect([outcome, Number(seconds) < 30]).toEqual(['unchanged', true]);
});

test('a rehearsal whose controller is killed in the middle is resumed by another', async () => {
  const source = await sourceOf(SIZE);
  const { rehearsal, read } = await rehearsalOf(source, SIZE);
  const facts = await read();
  rehearsal.kept.hook = (when, _seq, body) => {
    if (when === 'after' && body.type === 'attempt-started' && body.step.endsWith('drain')) rehearsal.controller.kill();
  };
  expect(await rehearsal.start(facts)).toBe('killed');
  rehearsal.kept.hook = () => undefined;
  expect(await rehearsal.resume()).toMatchObject({ outcome: 'done' });
});
