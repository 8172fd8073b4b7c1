import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventForms, eventsPage, promises } from './events.ts';

const page = new URL('../../docs/events.md', import.meta.url).pathname;
const promised = new URL('events-1.txt', import.meta.url).pathname;

/** `npx vitest run --config test/vitest.config.ts test/docs -u` writes the page again. */
test('docs/events.md has every event and every field', async () => {
  await expect(await eventsPage(readFileSync(page, 'utf8'))).toMatchFileSnapshot(page);
});

test('every event and every field of it says what it means', () => {
  const silent = eventForms().flatMap(({ type, form }) => [
    ...(form.description === undefined ? [type] : []),
    ...Object.entries(form.properties ?? {}).flatMap(([name, { description }]) =>
      description === undefined && name !== 'type' ? [`${type}.${name}`] : [],
    ),
  ]);
  expect(silent).toEqual([]);
});

const now = promises();
const lines = readFileSync(promised, 'utf8').trimEnd().split('\n');

test('what was promised of events is still so: docs/events.md', () => {
  expect(lines.filter((line) => !now.includes(line))).toEqual([]);
});

/** Deliberately not a snapshot: to add lines is fine, `-u` must not take any away. */
test('what is new in events is promised from now on: add these lines to test/docs/events-1.txt', () => {
  expect(now.filter((line) => !lines.includes(line))).toEqual([]);
});
