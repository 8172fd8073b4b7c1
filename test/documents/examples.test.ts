import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { actions } from '../../src/actions/registry.ts';
import { loadInventory } from '../../src/documents/inventory.ts';
import { loadAny } from '../../src/documents/read-any.ts';
import { shellProblems } from '../../src/documents/shell-syntax.ts';
import { checkTogether } from '../../src/documents/together.ts';
import { shown } from './fakes.ts';

const root = new URL('../..', import.meta.url).pathname;
const files = readdirSync(`${root}/runbooks/examples`, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);
const isPart = (name: string) => name.startsWith('steps/');
const textOf = (name: string) => readFileSync(`${root}/runbooks/examples/${name}`, 'utf8');

test.each(files)('the example %s is valid with the example inventory', async (name) => {
  const inventory = loadInventory('i.yaml', readFileSync(`${root}/inventory.example.yaml`, 'utf8')).value;
  if (!inventory) throw new Error('it must load');
  const { kind, loaded } = await loadAny(`${root}/runbooks/examples/${name}`, actions);
  expect(shown(loaded.diagnostics)).toEqual([]);
  expect(kind).toBe(isPart(name) ? 'Steps' : 'Runbook');
  if (kind === 'Runbook' && loaded.value) expect(shown(checkTogether(loaded.value, inventory, actions))).toEqual([]);
  if (kind === 'Runbook' || kind === 'Steps') expect(shown(await shellProblems(loaded, actions))).toEqual([]);
});

test('docs/runbooks.md names each example, and each file of steps is included by one', () => {
  const docs = readFileSync(`${root}/docs/runbooks.md`, 'utf8');
  for (const name of files.filter((one) => !isPart(one))) expect(docs).toContain(`\`${name}\``);
  const texts = files.map(textOf).join('\n');
  for (const name of files.filter(isPart))
    expect(texts).toMatch(new RegExp(`include: (?:steps/)?${name.slice('steps/'.length)}`));
});
