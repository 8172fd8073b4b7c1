import { expect, test } from 'vitest';
import type { NewEvent } from '../../src/event.ts';
import { until } from '../../src/engine/until.ts';
import { verified } from '../../src/engine/verify.ts';
import { waitStep } from '../../src/engine/wait.ts';
import { ConnectionLost } from '../../src/transport/transport.ts';
import { actionNamed } from '../actions/cluster.ts';
import { Bench, FakeClock, firstStep, planOf, step } from './bench.ts';

const never = new AbortController().signal;

function setup() {
  const events: NewEvent[] = [];
  const clock = new FakeClock();
  const context = { clock, emit: (event: NewEvent) => events.push(event) };
  const ref = { ref: { step: '1.1', node: 'n1', title: 'wait' } };
  const shown = () => events.flatMap((event) => (event.type === 'step-progress' ? [event.message] : []));
  return { clock, context, ref, shown };
}

test('trouble with looking is a reason to wait, each reason is shown once', async () => {
  const { context, ref, shown } = setup();
  const answers = [
    new ConnectionLost('n1', 'cut'),
    { done: false, reason: 'not Ready' },
    { done: false, reason: 'not Ready' },
  ];
  const verdict = await until(context, ref, 60_000, never, () => {
    const answer = answers.shift() ?? { done: true, reason: 'Ready' };
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  expect(verdict).toEqual({ done: true, reason: 'Ready' });
  expect(shown()).toEqual([expect.stringContaining('cut'), 'not Ready']);
});

test('at the limit the last reason is the answer', async () => {
  const { clock, context, ref } = setup();
  const look = () => Promise.resolve({ done: false, reason: 'not Ready' });
  expect(await until(context, ref, 10_000, never, look)).toEqual({ done: false, reason: 'not Ready' });
  expect(clock.time).toBeGreaterThanOrEqual(10_000);
});

test.each([TypeError, RangeError, ReferenceError, Error])('a bug (%o) ends the wait at once', async (Bug) => {
  const { clock, context, ref, shown } = setup();
  await expect(until(context, ref, 60_000, never, () => Promise.reject(new Bug('a bug')))).rejects.toThrow('a bug');
  expect(shown()).toEqual([]);
  expect(clock.time).toBe(0);
});

/** A step of an action whose verdict is a bug. */
function broken() {
  const bug = () => {
    throw new TypeError('a bug');
  };
  const action = { ...actionNamed('cordon'), facts: [], guards: [], isDone: bug };
  const plan = planOf(['n1'], [step('n1', '1.1', { action: 'cordon', effect: 'repeatable' })]);
  const bench = new Bench(plan, new Map([['cordon', action]]));
  const context = { ...bench.context(), facts: { nodes: {} } };
  return { bench, context, step: firstStep(context) };
}

test('a bug in a verdict surfaces from the wait and from the look after a script', async () => {
  const { bench, context, step: bound } = broken();
  await expect(waitStep(context, bound)).rejects.toThrow(TypeError);
  await expect(verified(context, bound, { tail: [], log: '' }, { nodes: {} })).rejects.toThrow(TypeError);
  expect(bench.events.filter((event) => event.type === 'step-progress')).toEqual([]);
});
