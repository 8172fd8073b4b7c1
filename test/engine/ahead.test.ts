import { expect, test } from 'vitest';
import { prepareFirst } from '../../src/engine/prepare.ts';
import { runPlan } from '../../src/engine/run.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { Bench, planOf, step } from './bench.ts';
import { eventually } from '../eventually.ts';

const plan = planOf(
  ['n1', 'n2', 'n3'],
  ['n1', 'n2', 'n3'].flatMap((node) => [step(node, '1.1-a'), step(node, '1.2-b')]),
);

test('the nodes that come next are made ready for their attempts while one is worked on', async () => {
  const bench = new Bench(plan);
  const seen: Record<string, string[]> = {};
  bench.onRecord = (body) => {
    if (body.type === 'attempt-started') seen[`${body.node} ${body.step}`] = [...bench.node('n2').prepared];
  };
  const context = bench.context();
  prepareFirst(context);
  await eventually(() => expect(bench.node('n1').prepared).toEqual(['1.1-a.n1.1', '1.2-b.n1.1']));
  expect((await runPlan(context)).outcome).toBe('done');
  expect(seen['n1 1.2-b']).toEqual(['1.1-a.n2.1', '1.2-b.n2.1']);
  expect(bench.node('n3').prepared).toEqual(['1.1-a.n3.1', '1.2-b.n3.1']);
});

test('records of quick steps go to disk together, and nothing is sent or shown before they are there', async () => {
  const bench = new Bench(planOf(['n1'], [step('n1', '1.1-a'), step('n1', '1.2-b')]));
  const waiting: { readonly body: JournalBody; readonly resolve: () => void }[] = [];
  const append = (body: JournalBody) => new Promise<void>((resolve) => waiting.push({ body, resolve }));
  const run = runPlan({ ...bench.context(), journal: { append, close: async () => undefined } });
  const types = () => waiting.map(({ body }) => body.type);
  const write = () => waiting.splice(0).forEach(({ resolve }) => resolve());
  const shown = () => bench.events.filter(({ type }) => type === 'step-finished').length;
  await eventually(() => expect(types()).toEqual(['attempt-started']));
  expect(bench.node('n1').ran).toEqual([]);
  write();
  await eventually(() => expect(types()).toEqual(['attempt-ended', 'step-finished', 'attempt-started']));
  expect([bench.node('n1').ran.length, shown()]).toEqual([1, 0]);
  write();
  await eventually(() => expect(types()).toEqual(['attempt-ended', 'step-finished']));
  expect([bench.node('n1').ran.length, shown()]).toEqual([2, 1]);
  write();
  expect((await run).outcome).toBe('done');
  expect(shown()).toBe(2);
});
