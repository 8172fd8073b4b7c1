import { expect, test } from 'vitest';
import { Watch } from '../../../src/fleet/database/watch.ts';

const EVERY = 1000;
const beatOf = (worker: string, beat: number, interval = EVERY) => ({ worker, beat, interval });

test('a worker is gone once its counter stood still for three of its intervals, as seen from here', () => {
  const watch = new Watch(EVERY);
  expect(watch.look([beatOf('a', 7)], ['a'], 0)).toEqual([]);
  expect(watch.look([beatOf('a', 8)], ['a'], 1000)).toEqual([]);
  expect(watch.look([beatOf('a', 8)], ['a'], 2000)).toEqual([]);
  expect(watch.look([beatOf('a', 8)], ['a'], 3000)).toEqual([]);
  expect(watch.look([beatOf('a', 8)], ['a'], 4000)).toEqual(['a']);
  expect(watch.look([beatOf('a', 9)], ['a'], 5000)).toEqual([]);
});

test('a slow worker is watched by its own interval', () => {
  const watch = new Watch(EVERY);
  for (let now = 0; now < 30_000; now += EVERY) expect(watch.look([beatOf('a', 1, 10_000)], ['a'], now)).toEqual([]);
  expect(watch.look([beatOf('a', 1, 10_000)], ['a'], 30_000)).toEqual(['a']);
});

test('a worker that has work and no counter ended by itself', () => {
  expect(new Watch(EVERY).look([beatOf('a', 1)], ['a', 'b'], 0)).toEqual(['b']);
});

test('a worker that stands still without work is of no interest', () => {
  const watch = new Watch(EVERY);
  for (let now = 0; now < 10_000; now += EVERY) expect(watch.look([beatOf('a', 1)], [], now)).toEqual([]);
});

test('while the database does not answer, no one stands still', () => {
  const watch = new Watch(EVERY);
  watch.look([beatOf('a', 1)], ['a'], 0);
  watch.look([beatOf('a', 1)], ['a'], 1000);
  for (let now = 2000; now < 60_000; now += EVERY) watch.lost(now);
  expect(watch.look([beatOf('a', 1)], ['a'], 60_000)).toEqual([]);
  expect(watch.look([beatOf('a', 1)], ['a'], 61_000)).toEqual([]);
  expect(watch.look([beatOf('a', 1)], ['a'], 62_000)).toEqual(['a']);
});

test('a look that came late, for its answer or this process stood still, says nothing of others', () => {
  const watch = new Watch(EVERY);
  watch.look([beatOf('a', 1)], ['a'], 0);
  expect(watch.look([beatOf('a', 1)], ['a'], 60_000)).toEqual([]);
});
