import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { entries } from '../../src/explain/entries.ts';
import { guards } from '../../src/guards/registry.ts';
import { cliPage, failuresPage, guardsPage } from './explained.ts';

/** `npx vitest run --config test/vitest.config.ts test/docs -u` writes the pages again. */
test.each([
  ['guards.md', guardsPage],
  ['cli.md', cliPage],
  ['failures.md', failuresPage],
])('docs/%s has what the program itself explains', async (name, page) => {
  const file = new URL(`../../docs/${name}`, import.meta.url).pathname;
  await expect(await page(readFileSync(file, 'utf8'))).toMatchFileSnapshot(file);
});

test('every guard has a text', () => {
  const explained = entries().flatMap(({ kind, code }) => (kind === 'guard' ? [code] : []));
  expect(explained.sort()).toEqual([...guards.keys()].sort());
});

test('no two things have the same code, and each says what, why, what to do and where that is from', () => {
  const all = entries();
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  for (const { code, title, what, why, remedy, source } of all) {
    expect(code).toMatch(/^[a-z0-9-]+$/);
    for (const text of [title, what, why, remedy, source]) expect(text.length, code).toBeGreaterThan(6);
    expect(title.length, title).toBeLessThanOrEqual(110);
  }
});
