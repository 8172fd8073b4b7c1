import { expect, test } from 'vitest';
import { isLost, patiently } from '../../../src/fleet/database/patience.ts';

const coded = (code: string, message = '') => Object.assign(new Error(message), { code });

test.each([
  coded('ECONNREFUSED'),
  coded('57P01', 'terminating connection due to administrator command'),
  coded('57P03', 'the database system is starting up'),
  coded('53300', 'too many clients'),
  coded('40P01', 'deadlock detected'),
  new Error('Connection terminated unexpectedly'),
  new Error('timeout exceeded when trying to connect'),
  new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]),
])('a database that is not reached is asked again (%s)', (error) => {
  expect(isLost(error)).toBe(true);
});

test.each([
  coded('23505', 'duplicate key'),
  coded('42P01', 'no such table'),
  coded('57014'),
  new Error('a bug'),
  'text',
])('what it refuses is not tried again (%s)', (error) => {
  expect(isLost(error)).toBe(false);
});

test('it tries until the answer, with waits that grow to five seconds', async () => {
  const waits: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void waits.push(ms) };
  let left = 7;
  const answer = await patiently(
    clock,
    async () => {
      if (left-- > 0) throw coded('ECONNREFUSED');
      return 'here';
    },
    () => undefined,
  );
  expect(answer).toBe('here');
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
  await expect(
    patiently(
      clock,
      () => Promise.reject(new Error('a bug')),
      () => undefined,
    ),
  ).rejects.toThrow('a bug');
});
