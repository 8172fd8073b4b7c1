import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { statusSchema } from '../../src/render/status-data.ts';
import { eventSchema } from '../../src/event.ts';
import { knownTexts } from '../../src/known/groups.ts';
import { folder, runbook } from './cli.ts';

const FULL = 'etcdserver: mvcc: database space exceeded';
const remedy = knownTexts.find(({ id }) => id === 'etcd-no-space')?.remedy ?? '';

/** A run whose one step prints this, with 100 lines after it, and fails. */
function failing(text: string) {
  const dir = folder();
  const [inventory, file] = [join(dir, 'inventory.yaml'), join(dir, 'full.yaml')];
  writeFileSync(
    inventory,
    'apiVersion: runbook/v1\nkind: Inventory\ncluster: c\nnodes: [{ name: n1, host: x.invalid }]\n',
  );
  const script = `echo '${text}' >&2; seq 100; exit 3`;
  writeFileSync(
    file,
    `apiVersion: runbook/v1\nkind: Runbook\nname: full\nphases:\n  - name: A\n    nodes: n1\n    steps: [{ name: Write, run: "${script}", on: local }]\n`,
  );
  const state = ['--state-dir', join(dir, 'state')];
  return {
    apply: (...more: string[]) => runbook(['apply', file, '-i', inventory, '--yes', ...state, ...more]),
    after: (...words: string[]) => runbook([...words, ...state]),
  };
}

test('a failed step names the known text of its output, and what to do, beneath its last lines', async () => {
  const it = failing(`Error from server: ${FULL}`);
  const { code, all } = await it.apply();
  expect(code, all).toBe(1);
  const shown = all.slice(all.indexOf('last lines of its output'));
  expect(shown).toContain(`known: etcd-no-space: etcd's database is full`);
  expect(shown).toContain(`do: ${remedy}`);
  expect(shown).toContain('runbook explain etcd-no-space');
  expect(shown.indexOf('known:')).toBeLessThan(shown.indexOf('whole output:'));
});

test('status and logs name it too, also as data', async () => {
  const it = failing(FULL);
  await it.apply();
  const status = await it.after('status');
  expect(status.stdout).toContain('known: etcd-no-space');
  expect((await it.after('status', '-v')).stdout.replaceAll(/\s+/g, ' ')).toContain(`do: ${remedy}`);
  const data = statusSchema.parse(JSON.parse((await it.after('status', '--output', 'json')).stdout));
  expect(data.steps.map(({ known }) => known?.map(({ id }) => id))).toEqual([['etcd-no-space']]);
  const logs = await it.after('logs');
  expect(logs.stdout).not.toContain('known:');
  expect(logs.stderr).toContain('known: etcd-no-space');
  expect(logs.stderr).toContain(remedy);
});

test('report names it beneath the output, on its page and in Markdown', async () => {
  const it = failing(FULL);
  await it.apply();
  expect((await it.after('report', '--format', 'md')).stdout).toContain('Known: **etcd-no-space**: ');
  expect((await it.after('report', '--format', 'html')).stdout).toContain('<b>etcd-no-space</b>: ');
});

test('the event has it, and without a known text has no such field', async () => {
  const events = async (text: string) => {
    const { stdout } = await failing(text).apply('--output', 'json');
    const all = stdout.split('\n').map((line) => eventSchema.parse(JSON.parse(line)));
    return all.filter((event) => event.type === 'step-finished');
  };
  expect((await events(FULL))[0]?.known).toEqual([
    {
      id: 'etcd-no-space',
      meaning: z.string().parse(knownTexts.find(({ id }) => id === 'etcd-no-space')?.meaning),
      remedy,
    },
  ]);
  expect((await events('the database is fine'))[0]).not.toHaveProperty('known');
});
