import { expect, test } from 'vitest';
import { openingAt } from '../../src/engine/window.ts';
import type { PlanWindow } from '../../src/plan/pace.ts';
import { instantsOf, momentText } from '../../src/time-zone.ts';

const BERLIN = 'Europe/Berlin';
const at = (text: string) => Date.parse(text);
const iso = (instant: number) => new Date(instant).toISOString().replace(':00.000Z', 'Z');
const opening = (window: Partial<PlanWindow>, now: string) => {
  const { from, to } = openingAt({ from: '22:00', to: '05:00', timezone: BERLIN, ...window }, at(now));
  return `${iso(from)} to ${iso(to)}`;
};

test('a window over midnight is open on both sides of it, and opens again the next evening', () => {
  const tonight = '2026-01-05T21:00Z to 2026-01-06T04:00Z';
  expect(opening({}, '2026-01-05T21:00Z')).toBe(tonight);
  expect(opening({}, '2026-01-06T03:59:59Z')).toBe(tonight);
  expect(opening({}, '2026-01-05T12:00Z')).toBe(tonight);
  expect(opening({}, '2026-01-06T04:00Z')).toBe('2026-01-06T21:00Z to 2026-01-07T04:00Z');
});

test('the days are those on which it opens: the night to Monday belongs to Sunday', () => {
  const days = ['sat', 'sun'] as const;
  const sunday = '2026-01-11T21:00Z to 2026-01-12T04:00Z';
  expect(opening({ days: [...days] }, '2026-01-12T02:00Z')).toBe(sunday);
  expect(opening({ days: [...days] }, '2026-01-12T12:00Z')).toBe('2026-01-17T21:00Z to 2026-01-18T04:00Z');
  expect(opening({ days: ['mon'] }, '2026-01-06T12:00Z')).toBe('2026-01-12T21:00Z to 2026-01-13T04:00Z');
});

test('whole days that follow each other are one opening', () => {
  const weekend = '2026-01-09T23:00Z to 2026-01-11T23:00Z';
  const window = { days: ['sat', 'sun'], from: '00:00', to: '00:00' } as const;
  expect(opening({ ...window, days: [...window.days] }, '2026-01-11T12:00Z')).toBe(weekend);
  expect(opening({ ...window, days: [...window.days] }, '2026-01-07T12:00Z')).toBe(weekend);
});

test('a window keeps the hours of the wall when the clocks change within it', () => {
  expect(opening({}, '2026-03-28T22:00Z')).toBe('2026-03-28T21:00Z to 2026-03-29T03:00Z');
  expect(opening({}, '2026-10-24T22:00Z')).toBe('2026-10-24T20:00Z to 2026-10-25T04:00Z');
});

test('02:30 does not exist when the clocks go forward: it counts as the jump to 03:00', () => {
  expect(opening({ to: '02:30' }, '2026-03-28T23:00Z')).toBe('2026-03-28T21:00Z to 2026-03-29T01:00Z');
  expect(opening({ from: '02:30', to: '04:00' }, '2026-03-29T00:30Z')).toBe('2026-03-29T01:00Z to 2026-03-29T02:00Z');
  const never = opening({ from: '02:10', to: '02:50' }, '2026-03-28T12:00Z');
  expect(never).toBe('2026-03-30T00:10Z to 2026-03-30T00:50Z');
});

test('02:30 exists twice when the clocks go back: it counts the first time', () => {
  expect(opening({ to: '02:30' }, '2026-10-24T23:00Z')).toBe('2026-10-24T20:00Z to 2026-10-25T00:30Z');
  expect(opening({ from: '02:30', to: '04:00' }, '2026-10-25T00:45Z')).toBe('2026-10-25T00:30Z to 2026-10-25T03:00Z');
  const both = instantsOf({ year: 2026, month: 10, day: 25, hour: 2, minute: 30 }, BERLIN);
  expect(both.map(iso)).toEqual(['2026-10-25T00:30Z', '2026-10-25T01:30Z']);
});

test.each([
  ['Australia/Lord_Howe', '2026-01-05T12:30Z', 'Mon 2026-01-05 23:30 Australia/Lord_Howe'],
  ['Asia/Kathmandu', '2026-01-05T12:00Z', 'Mon 2026-01-05 17:45 Asia/Kathmandu'],
  ['UTC', '2026-12-31T23:59Z', 'Thu 2026-12-31 23:59 UTC'],
])('a moment in %s', (zone, moment, text) => {
  expect(momentText(at(moment), zone)).toBe(text);
});
