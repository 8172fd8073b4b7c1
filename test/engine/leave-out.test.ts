import { expect, test } from 'vitest';
import type { Action } from '../../src/actions/action.ts';
import { actions } from '../../src/actions/registry.ts';
import { runPlan } from '../../src/engine/run.ts';
import { Bench, planOf, step } from './bench.ts';

test('a controller that died right after a node was left out does not go on with that node, but with the next', async () => {
  const steps = ['a', 'b'].flatMap((node) => [step(node, '1.1-out'), step(node, '1.2-work')]);
  const bench = new Bench(planOf(['a', 'b'], steps));
  const left = {
    step: '1.1-out',
    node: 'a',
    outcome: 'skipped',
    reason: 'held',
    duration: 1,
    leavesOut: true,
  } as const;
  bench.records.push({ v: 1, seq: 1, at: '', type: 'step-finished', ...left });
  const result = await runPlan(bench.context());
  expect(result).toMatchObject({ outcome: 'done', leftOut: [{ node: 'a', reason: 'held' }] });
  expect([bench.node('a').ran, bench.node('b').ran]).toEqual([[], ['do 1.1-out', 'do 1.2-work']]);
  expect(bench.types()).toContain('step-finished a/1.2-work');
});

test('what left a node out is kept in the journal, and known to the same step of the next node, after a resume too', async () => {
  const drain = actions.get('drain');
  if (!drain) throw new Error('no drain');
  const watch = () => ({
    saw: () => undefined,
    note: () => 'a budget holds it',
    holders: () => ['demo/web'],
    remark: () => undefined,
    close: () => undefined,
  });
  const action: Action = {
    ...drain,
    facts: [],
    guards: [],
    watch,
    isDone: () => ({ done: false, reason: '' }),
    knownHolders: (_context, holders) => ({ HELD: holders.join(' ') }),
  };
  const nodes = ['a', 'b', 'c'];
  const out = { action: 'drain', with: { onBlocked: 'skip-node' }, effect: 'repeatable' } as const;
  const steps = nodes.map((node) => step(node, '1.1-out', out));
  const bench = new Bench(planOf(nodes, steps), new Map([...actions, ['drain', action]]));
  for (const node of nodes) bench.node(node).behaviours.push({ end: { kind: 'exited', code: 75 } });
  const run = (maxNodes: number) => runPlan({ ...bench.context(), facts: { nodes: {} }, bounds: { maxNodes } });
  expect((await run(1)).outcome).toBe('paused');
  expect(bench.records.at(-1)).toMatchObject({ leavesOut: true, heldBy: ['demo/web'] });
  expect((await run(9)).leftOut?.map(({ node }) => node)).toEqual(nodes);
  expect(nodes.map((node) => bench.node(node).ran)).toEqual([
    ['do 1.1-out'],
    ['export HELD=demo/web\ndo 1.1-out'],
    ['export HELD=demo/web\ndo 1.1-out'],
  ]);
});

test('a step that judges the whole cluster is skipped where a node was left out', async () => {
  const steps = [
    step('a', '1.1-out'),
    step('b', '2.1-verify', { action: 'verify-cluster', with: { version: '1.32.9' }, effect: 'none' }),
  ];
  const bench = new Bench(planOf(['a', 'b'], steps));
  const left = {
    step: '1.1-out',
    node: 'a',
    outcome: 'skipped',
    reason: 'held',
    duration: 1,
    leavesOut: true,
  } as const;
  bench.records.push({ v: 1, seq: 1, at: '', type: 'step-finished', ...left });
  expect(await runPlan(bench.context())).toMatchObject({ outcome: 'done', counts: { skipped: 2 } });
});

test('a node that was left out at several hops is told once, with the last reason', async () => {
  const steps = [step('a', '1.1-out'), step('a', '2.1-out')];
  const bench = new Bench(planOf(['a'], steps));
  for (const [index, id] of ['1.1-out', '2.1-out'].entries()) {
    const end = { step: id, node: 'a', outcome: 'skipped', reason: `held at ${id}`, duration: 1 } as const;
    bench.records.push({ v: 1, seq: index + 1, at: '', type: 'step-finished', ...end, leavesOut: true });
  }
  const { leftOut } = await runPlan(bench.context());
  expect(leftOut).toEqual([{ node: 'a', reason: 'held at 2.1-out' }]);
});
