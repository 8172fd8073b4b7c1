import { expect, test } from 'vitest';
import type { ActionContext } from '../../src/actions/action.ts';
import { bootOf, reboot } from '../../src/actions/reboot.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { MachineFact } from '../../src/facts/machine.ts';
import type { RebootFact } from '../../src/facts/reboot.ts';

const first: MachineFact = { hostname: 'w1', machineId: 'a', bootId: 'one', initStart: '4', addresses: [] };
const second: MachineFact = { ...first, bootId: 'two' };
/** The same kernel, as of a node that is a container. */
const started: MachineFact = { ...first, initStart: '900' };

function context(
  machine: MachineFact,
  when: 'needed' | 'always',
  asked?: RebootFact,
): ActionContext<{ when: typeof when }> {
  return {
    with: { when },
    node: { name: 'w1', host: 'w1', role: 'worker' },
    nodes: [],
    facts: facts(machine, asked),
    settings: { kubeconfig: '/etc/kubernetes/admin.conf' },
    run: 'RUN',
    before: { unschedulable: false, held: [], boot: bootOf(first) },
  };
}

function facts(machine: MachineFact, asked?: RebootFact): Facts {
  return { nodes: { w1: { machine, ...(asked ? { reboot: asked } : {}) } } };
}

test('always: a node is rebooted once in a run', () => {
  expect(reboot.isDone(context(first, 'always')).done).toBe(false);
  expect(reboot.isDone(context(second, 'always')).done).toBe(true);
  expect(reboot.isDone(context(started, 'always')).done).toBe(true);
});

test('needed: only where something asks for it, also after a reboot of somebody else', () => {
  expect(reboot.isDone(context(first, 'needed', { required: true, reason: 'kernel' }))).toEqual({
    done: false,
    reason: 'kernel',
  });
  expect(reboot.isDone(context(second, 'needed', { required: true, reason: 'kernel' })).done).toBe(false);
  expect(reboot.isDone(context(first, 'needed', { reason: 'nothing asks' })).done).toBe(true);
});

test('it has worked only once another boot is seen', () => {
  const before = facts(first);
  expect(reboot.verify?.(context(first, 'needed', { required: false, reason: '' }), before).done).toBe(false);
  expect(reboot.verify?.(context(started, 'needed'), before).done).toBe(true);
});

test('a reboot between plan and step is not taken for the one that the step asked for', () => {
  const before = facts(second, { required: true, reason: 'kernel' });
  expect(reboot.verify?.(context(second, 'needed'), before).done).toBe(false);
  expect(reboot.verify?.(context({ ...first, bootId: 'three' }, 'needed'), before).done).toBe(true);
});

test('carried forward, nothing asks for it any more', () => {
  const before = context(first, 'always', { required: true, reason: 'kernel' });
  const after = reboot.project(before);
  expect(reboot.isDone({ ...before, facts: after }).done).toBe(true);
});
