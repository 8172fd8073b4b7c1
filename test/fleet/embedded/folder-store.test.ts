import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FleetJournal, readFleetJournal } from '../../../src/fleet/embedded/journal.ts';
import { FolderFleetStore } from '../../../src/fleet/embedded/folder-store.ts';
import { fleetPlan, stage } from '../plans.ts';
import { folder, frozenPlan } from '../rig.ts';

const by = { user: 'ann', host: 'desk' };
const plan = fleetPlan([stage('one', ['a'])]);

async function kept() {
  const dir = folder();
  const store = new FolderFleetStore(join(dir, 'state'));
  const file = join(dir, 'plan.json');
  writeFileSync(file, JSON.stringify(frozenPlan()));
  const run = await store.create(plan, new Map([['a', file]]), { approve: ['Go'] });
  return { store, run, journal: join(store.folder(run), 'journal.jsonl') };
}

test('a fleet run is kept whole before its journal begins, for its owner alone', async () => {
  const { store, run } = await kept();
  expect(await store.runs()).toEqual([run]);
  expect(await store.read(run)).toMatchObject({ plan, records: [], requests: [], driver: { life: 'none' } });
  expect(await store.options(run)).toEqual({ approve: ['Go'] });
  expect(statSync(store.folder(run)).mode & 0o777).toBe(0o700);
});

test('records are read as they were kept; a torn last line is cut off, any other damage is a refusal with its line', async () => {
  const { store, run, journal } = await kept();
  const first = await store.journal(run);
  await first.append({ type: 'fleet-started', run, plan: plan.digest, by });
  await first.append({ type: 'cluster-started', cluster: 'a', attempt: 1 });
  await first.close();
  appendFileSync(journal, '{"v":1,"seq":3,"at');
  const second = await FleetJournal.open(journal, Date.now);
  expect(second.records.map(({ type }) => type)).toEqual(['fleet-started', 'cluster-started']);
  await second.append({ type: 'cluster-ended', cluster: 'a', outcome: 'done', reason: '' });
  await second.close();
  expect(await readFleetJournal(journal)).toHaveLength(3);
  const text = readFileSync(journal, 'utf8');
  writeFileSync(journal, text.replace('"attempt":1', '"attempt":2'));
  await expect(readFleetJournal(journal)).rejects.toThrow(/journal\.jsonl:2: its hash/);
});

test('requests are given in their order until they are taken', async () => {
  const { store, run } = await kept();
  await store.request(run, { type: 'pause', by });
  await store.request(run, { type: 'approve', stage: 'one', by });
  const given = await store.given(run);
  expect(given.map(({ request }) => request.type)).toEqual(['pause', 'approve']);
  await given[0]?.taken();
  expect((await store.read(run)).requests).toEqual([{ type: 'approve', stage: 'one', by }]);
});

test('one driver at a time: a second one is refused with who drives, and the run says so', async () => {
  const { store, run } = await kept();
  const held = await store.takeLock(run, 'prod');
  await expect(store.takeLock(run, 'prod')).rejects.toMatchObject({
    kind: 'locked',
    message: expect.stringContaining(`fleet run ${run} is driven by`),
  });
  expect((await store.read(run)).driver).toMatchObject({ life: 'alive' });
  await held.release();
  await (await store.takeLock(run, 'prod')).release();
});

test('a run that is not known, and a plan that was edited, are refused', async () => {
  const { store, run } = await kept();
  await expect(store.read('20260101-000000-x-0000')).rejects.toThrow(/no fleet run/);
  const file = join(store.folder(run), 'fleet-plan.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"changes": 5', '"changes": 6'));
  await expect(store.read(run)).rejects.toThrow(/was edited or damaged/);
});
