import { expect, test } from 'vitest';
import type { Clock } from '../../src/engine/clock.ts';
import { watchOf } from '../../src/engine/watch.ts';
import { Bench, firstStep, planOf, step } from './bench.ts';

/** Time that the test moves on, second by second. */
class SteppedClock implements Clock {
  time = 0;
  #sleepers: { readonly due: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ due: this.time + ms, wake }));
  }

  async pass(seconds: number, each: () => void = () => undefined): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.time += 1000;
      each();
      const due = this.#sleepers.filter((sleeper) => sleeper.due <= this.time);
      this.#sleepers = this.#sleepers.filter((sleeper) => !due.includes(sleeper));
      for (const { wake } of due) wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const REFUSED =
  'error when evicting pods/"a" -n "demo" (will retry after 5s): Cannot evict pod as it would violate the pod\'s disruption budget.\n';

function watched() {
  const drain = step('w1', '1.1-drain', { action: 'drain' });
  const plan = planOf(['w1'], [drain]);
  const bench = new Bench({ ...plan, nodes: plan.nodes.map((node) => ({ ...node, role: 'control-plane' })) });
  const clock = new SteppedClock();
  const context = { ...bench.context(), clock };
  const watch = watchOf(context, firstStep(context));
  if (!watch) throw new Error('a drain is watched');
  const told = () => bench.events.flatMap((event) => (event.type === 'step-progress' ? [event.message] : []));
  return { watch, clock, told };
}

test('who holds a drain is told within seconds, again every minute, and when it is over; also where nobody can be asked', async () => {
  const { watch, clock, told } = watched();
  watch.saw(`evicting pod demo/a\n${REFUSED}`);
  await clock.pass(10, () => watch.saw(REFUSED));
  const held = 'held: a PodDisruptionBudget (which one could not be read) holds demo/a; kubectl asks again every 5 s';
  expect(told()).toEqual([held]);
  expect(watch.note()).toContain('holds demo/a');
  await clock.pass(55, () => watch.saw(REFUSED));
  expect(told()).toEqual([held, `still ${held}`]);
  await clock.pass(12);
  expect(told().slice(2)).toEqual(['no PodDisruptionBudget holds the drain any more', '1 left: demo/a']);
  expect(watch.note()).toBeUndefined();
  watch.close();
});

test('a pod that may go and does not end is told', async () => {
  const { watch, clock, told } = watched();
  watch.saw('evicting pod demo/a\nevicting pod demo/b\n');
  watch.saw('pod/b evicted\n');
  await clock.pass(18);
  expect(told()).toEqual(['1 left: demo/a']);
  await clock.pass(6);
  expect(told().slice(1)).toEqual([expect.stringMatching(/^still ending: demo\/a \(for 2\d s\)$/)]);
  watch.saw('pod/a evicted\n');
  await clock.pass(100);
  expect(told().slice(2)).toEqual(['every pod is gone']);
  watch.close();
});
