import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { Action } from '../../src/actions/action.ts';
import { verified } from '../../src/engine/verify.ts';
import { fakeAction } from '../documents/fakes.ts';
import { Bench, firstStep, planOf, step } from './bench.ts';

/** A folder with a backup of yesterday and the one that was just fetched, of which one is to be kept, and how the step ends. */
async function after(done: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'fetched-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['old.db', 'old.db.json', 'new.db']) writeFileSync(join(folder, name), name);
  utimesSync(join(folder, 'old.db'), 1, 1);
  const keep = { count: 1, names: /^\w+\.db$/, with: ['.json'] };
  const backup: Action = {
    ...fakeAction('backup', z.unknown()),
    fetches: () => [{ remote: '/r', local: join(folder, 'new.db'), mode: 0o600, remove: true, keep }],
    isDone: () => ({ done, reason: done ? 'whole' : 'damaged' }),
  };
  const one = step('n1', '1.1-backup', { action: 'backup', effect: 'repeatable' });
  const context = new Bench(planOf(['n1'], [one]), new Map([['backup', backup]])).context();
  const nothing = { nodes: {} };
  const end = await verified({ ...context, facts: nothing }, firstStep(context), { tail: [], log: '' }, nothing);
  return { end, files: readdirSync(folder).toSorted() };
}

test('a backup that turns out damaged takes no place of an older one', async () => {
  const { end, files } = await after(false);
  expect(end).toMatchObject({ outcome: 'failed' });
  expect(files).toEqual(['new.db', 'old.db', 'old.db.json']);
});

test('a good one does', async () => {
  const { end, files } = await after(true);
  expect(end).toMatchObject({ outcome: 'changed' });
  expect(files).toEqual(['new.db']);
});
