import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { actions } from '../../src/actions/registry.ts';
import { run } from '../../src/actions/run.ts';
import { runPlan } from '../../src/engine/run.ts';
import type { RemoteNode } from '../../src/remote/attempt.ts';
import { Bench, planOf, step } from './bench.ts';

const OS = readFileSync(new URL('../fixtures/facts/os/Rocky-Linux-9-of-the-lab.out', import.meta.url), 'utf8');

/** Prints the fact `os`, as the script that asks for it would. */
function osOf(script: string): string {
  const marker = /begin %s\\n' (\S+) os/.exec(script)?.[1] ?? '';
  return `\n${marker} begin os\n${OS}\n${marker} end os 0\n`;
}

/** Steps whose action stands on the fact `os`: `look` is done whatever that is, `work` only once it has run. */
function benchOf(...rows: readonly (readonly [node: string, action: 'look' | 'work'])[]) {
  const bare: Action = { ...run, facts: ['os'] };
  const look: Action = {
    ...bare,
    isDone: ({ facts, node }) => ({ done: facts.nodes[node.name]?.os !== undefined, reason: 'it is' }),
  };
  const bench: Bench = new Bench(
    planOf(
      [...new Set(rows.map(([node]) => node))],
      rows.map(([node, action], index) => step(node, `1.${index + 1}-${action}`, { action, effect: 'repeatable' })),
      0,
      9,
    ),
    new Map([
      ...actions,
      ['look', look],
      ['work', { ...bare, isDone: ({ node }) => ({ done: bench.node(node.name).ran.length > 0, reason: 'it ran' }) }],
    ]),
  );
  for (const node of bench.nodes.values()) Object.assign(node, { probe: () => 0, answer: osOf });
  return bench;
}

test('steps with nothing to do are decided on one reading, and again on what was read after a change', async () => {
  const bench = benchOf(['n1', 'look'], ['n1', 'look'], ['n1', 'work'], ['n1', 'look'], ['n1', 'look']);
  const read: number[] = [];
  bench.onRecord = ({ type }) => {
    if (type === 'step-finished') read.push(bench.node('n1').probes.length);
  };
  expect((await runPlan(bench.context())).counts).toMatchObject({ unchanged: 4, changed: 1 });
  // Before the first step, before what changes something, and after it.
  expect(read).toEqual([1, 1, 3, 3, 3]);
});

test('what was read long ago is read again', async () => {
  const bench = benchOf(['n1', 'look'], ['n1', 'look'], ['n1', 'look']);
  bench.onRecord = ({ type }) => {
    if (type === 'step-finished') bench.clock.time += 200_000;
  };
  await runPlan(bench.context());
  expect(bench.node('n1').probes).toHaveLength(2);
});

test('a step that asks for no facts has none read, also not the first step of a resume', async () => {
  const bench = new Bench(planOf(['n1', 'n2'], [step('n1', '1.1-run'), step('n2', '1.1-run')]));
  await runPlan(bench.context());
  expect([...bench.nodes.values()].flatMap(({ probes }) => probes)).toEqual([]);
});

test('while an attempt is under way on any node, nothing that was read counts, and after it only what is read then', async () => {
  const bench = benchOf(['n1', 'look'], ['n2', 'look']);
  const { links, observer } = bench.context();
  let end = (): void => undefined;
  const n2 = bench.node('n2');
  const link = n2.link();
  n2.link = (): RemoteNode => ({
    ...link,
    follow: () =>
      new Promise((resolve) => {
        end = () => resolve({ kind: 'exited', code: 0 });
      }),
  });
  const facts = await observer.read({ nodes: {} }, ['n1', 'n2'], ['os']);
  expect([observer.isCurrent('n1', ['os']), observer.isCurrent('n1', ['os', 'disk'])]).toEqual([true, false]);
  const sink = { stdout: () => undefined, stderr: () => undefined };
  const followed = links.with('n2', (remote) => remote.follow('run-1', '1.1-a.1', { stdout: 0, stderr: 0 }, sink));
  await expect.poll(() => observer.isCurrent('n1', ['os'])).toBe(false);
  await observer.read(facts, ['n1'], ['os']);
  expect(observer.isCurrent('n1', ['os'])).toBe(false);
  end();
  await followed;
  expect(observer.isCurrent('n1', ['os'])).toBe(false);
  await observer.read(facts, ['n1'], ['os']);
  expect([observer.isCurrent('n1', ['os']), observer.isCurrent('n2', ['os'])]).toEqual([true, false]);
});

test('what repositories offer was read for the minors that were asked for', async () => {
  const { observer } = benchOf(['n1', 'look']).context();
  await observer.offering(['1.32']).read({ nodes: {} }, ['n1'], ['os']);
  expect(observer.offering(['1.32', '1.33']).isCurrent('n1', ['os'])).toBe(true);
  expect(observer.offering(['1.32']).isCurrent('n1', ['os', 'offered'])).toBe(false);
});

test('an attempt of an earlier controller that may still run keeps all facts from being taken as they were', async () => {
  const bench = benchOf(['n1', 'look'], ['n1', 'look']);
  const attempt = { step: '9.9-x', node: 'n1', attempt: 1 };
  bench.records.push({ v: 1, seq: 1, at: '', type: 'attempt-started', ...attempt, host: 'n1', scriptDigest: '' });
  await runPlan(bench.context());
  expect(bench.node('n1').probes).toHaveLength(2);
});
