import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = new URL('../..', import.meta.url).pathname;

test('the README has at most 150 lines, and its npm scripts exist', async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));
  for (const [, name = ''] of readme.matchAll(/npm (?:run )?(test:e2e|test|demo)/g))
    expect(scripts[name], name).toBeDefined();
});

test('every link of the README and of docs leads to a file', async () => {
  const pages = ['README.md', ...(await readdir(join(ROOT, 'docs'))).map((name) => join('docs', name))];
  for (const page of pages) {
    const text = await readFile(join(ROOT, page), 'utf8');
    for (const [, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const file = target === '' ? page : join(page, '..', target);
      const linked = await readFile(join(ROOT, file), 'utf8');
      if (anchor === undefined) continue;
      const headings = [...linked.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(headings, `${page}: ${target}#${anchor}`).toContain(anchor);
    }
  }
});

test('the index of docs lists every page', async () => {
  const index = await readFile(join(ROOT, 'docs/README.md'), 'utf8');
  const pages = (await readdir(join(ROOT, 'docs'))).filter((name) => name !== 'README.md');
  expect(pages.filter((name) => !index.includes(`](${name})`))).toEqual([]);
});
