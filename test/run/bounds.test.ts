import { expect, test } from 'vitest';
import { isClosed, parseBounds } from '../../src/run/bounds.ts';

const BERLIN = 'Europe/Berlin';
const until = (text: string, now: string, zone = BERLIN) =>
  new Date(parseBounds({ until: text }, Date.parse(now), zone).until ?? 0).toISOString().replace(':00.000Z', 'Z');

test.each([
  ['05:00', '2026-01-05T22:00Z', '2026-01-06T04:00Z'],
  ['5:00', '2026-01-06T03:59Z', '2026-01-06T04:00Z'],
  ['05:00', '2026-01-06T04:00Z', '2026-01-07T04:00Z'],
  ['2h', '2026-01-05T22:00Z', '2026-01-06T00:00Z'],
  ['2026-01-06T05:00', '2026-01-05T22:00Z', '2026-01-06T04:00Z'],
  ['2026-01-06 05:00', '2026-01-05T22:00Z', '2026-01-06T04:00Z'],
  ['2026-01-06T05:00Z', '2026-01-05T22:00Z', '2026-01-06T05:00Z'],
  ['2026-01-06T05:00+03:00', '2026-01-05T22:00Z', '2026-01-06T02:00Z'],
  ['2026-01-06 05:00:30', '2026-01-05T22:00Z', '2026-01-06T04:00:30.000Z'],
  ['2026-01-06T05:00:30+0300', '2026-01-05T22:00Z', '2026-01-06T02:00:30.000Z'],
  // The clocks go forward from 02:00 to 03:00: 02:30 is the jump.
  ['02:30', '2026-03-28T22:00Z', '2026-03-29T01:00Z'],
  // They go back from 03:00 to 02:00: the next 02:30, be it the second.
  ['02:30', '2026-10-24T22:00Z', '2026-10-25T00:30Z'],
  ['02:30', '2026-10-25T00:45Z', '2026-10-25T01:30Z'],
])('--until %s at %s is %s', (text, now, moment) => {
  expect(until(text, now)).toBe(moment);
});

test.each([
  '25:00',
  'tomorrow',
  '2026-02-30T05:00',
  '2026-02-30T05:00Z',
  '2026-01-05',
  '',
  '-2h',
  '2026-01-06 05:00 UTC',
  '2026-01-06T05:00 Z',
  '2026-01-06T05:00+03:00 or so',
  '2026-01-06T05:00:30 foo',
  '2026-01-06T05:00:61',
  '2026-01-06T05:000',
])('--until %j is refused', (text) => {
  expect(() => until(text, '2026-01-05T22:00Z')).toThrow('not a time');
});

test('a time that is over is refused', () => {
  expect(() => until('2026-01-05T05:00', '2026-01-05T22:00Z')).toThrow('is over');
});

test.each(['0', '-1', '1.5', 'all', ''])('--max-nodes %j is refused', (maxNodes) => {
  expect(() => parseBounds({ maxNodes }, 0)).toThrow('whole number');
});

test('outside of its window nothing is started, and it says when that opens', () => {
  const said: string[] = [];
  const console = { info: (text: string) => said.push(text) };
  const window = { days: ['sat' as const], from: '22:00', to: '05:00', timezone: BERLIN };
  expect(isClosed(console, window, Date.parse('2026-01-03T21:00Z'))).toBe(false);
  expect(isClosed(console, undefined, 0)).toBe(false);
  expect(said).toEqual([]);
  expect(isClosed(console, window, Date.parse('2026-01-05T21:00Z'))).toBe(true);
  expect(said).toEqual([
    'nothing was started: the window sat 22:00 to 05:00 (Europe/Berlin) is closed; it opens on Sat 2026-01-10 22:00 Europe/Berlin',
  ]);
});
