import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { decide } from '../../src/engine/decide.ts';
import type { FactId } from '../../src/facts/facts.ts';
import { healthy } from '../guards/healthy.ts';
import { fakeAction } from '../documents/fakes.ts';
import { Bench, firstStep, planOf, step } from './bench.ts';

test('while a refusal is waited out, only what its guard stands on is read again, and all once more at its end', async () => {
  const script = () => ({ commands: [], text: '' });
  const work = { ...fakeAction('work', z.unknown()), facts: ['offered'] as const, guards: ['same-machine'], script };
  const plan = planOf(['w1'], [step('w1', '1.1-work', { action: 'work' })]);
  const nodes = plan.nodes.map((node) => ({ ...node, role: 'worker' as const }));
  const bench = new Bench({ ...plan, nodes }, new Map([['work', work]]));
  const context = bench.context();
  const { w1 = {} } = healthy.nodes;
  const stranger = {
    ...w1,
    ...(w1.machine && { machine: { ...w1.machine, machineId: 'id-stranger', addresses: [] } }),
  };
  const asked: (readonly FactId[])[] = [];
  vi.spyOn(context.observer, 'readPatiently').mockImplementation(async (_known, _nodes, ids) => {
    asked.push(ids);
    return asked.length < 3 ? { ...healthy, nodes: { ...healthy.nodes, w1: stranger } } : healthy;
  });
  context.facts = healthy;
  expect((await decide(context, firstStep(context))).kind).toBe('go');
  const all = ['offered', 'nodes', 'machine', 'kubelet'];
  const some = ['nodes', 'machine', 'kubelet'];
  expect(asked).toEqual([all, some, some, all]);
  expect(bench.clock.time).toBe(6000);
});
