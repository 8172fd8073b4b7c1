import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sealedLine } from '../../src/journal/chain.ts';
import { JOURNAL_VERSION, type JournalBody } from '../../src/journal/record.ts';
import { RunStore } from '../../src/journal/store.ts';
import { planDigest } from '../../src/plan/plan.ts';
import { planOf, step } from '../engine/bench.ts';

const run = '20260101-000000-test-0000';
const draft = planOf(['n1'], [step('n1', '1.1-a', { retries: 100_000 })]);
const digests = { digest: 'd'.repeat(64), runbook: { ...draft.runbook, digest: 'd'.repeat(64) } };
const unsigned = {
  ...draft,
  ...digests,
  inventory: { ...draft.inventory, digest: 'd'.repeat(64) },
  factsDigest: 'f'.repeat(64),
};
const plan = { ...unsigned, digest: planDigest(unsigned) };
const begun: JournalBody = {
  type: 'run-started',
  run,
  plan: plan.digest,
  epoch: 1,
  holder: { host: 'here', pid: 7, user: 'ann' },
};

async function stateFolder(): Promise<RunStore> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const store = new RunStore(folder);
  await store.create(run, plan, { nodes: {} });
  return store;
}

/** The text of a journal with so many attempts that failed. */
function journalOf(attempts: number): string {
  const ref = { step: '1.1-a', node: 'n1' };
  const bodies: JournalBody[] = [begun];
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    bodies.push({ type: 'attempt-started', ...ref, attempt, host: 'n1', scriptDigest: 'e'.repeat(64) });
    bodies.push({ type: 'attempt-ended', ...ref, attempt, state: { kind: 'exited', code: 1 } });
  }
  let previous = '';
  const lines = bodies.map((body, index) => {
    const at = new Date(index * 1000).toISOString();
    const { line, hash } = sealedLine(previous, { v: JOURNAL_VERSION, seq: index + 1, at, ...body });
    previous = hash;
    return `${line}\n`;
  });
  return lines.join('');
}

test('a run without its plan says what can be done', async () => {
  const store = await stateFolder();
  await rm(join(store.folder(run).path, 'plan.json'));
  await expect(store.read(run)).rejects.toMatchObject({
    message: expect.stringContaining(`run ${run} has no readable plan.json`),
    detail: expect.arrayContaining([expect.stringContaining(`runbook resume ${run} -i INVENTORY --state-dir NEW`)]),
  });
});

test('a run that is read again is what its files say then, also where another process has written or damaged them', async () => {
  const store = await stateFolder();
  const { journal } = store.folder(run);
  const [two, three] = [journalOf(2), journalOf(3)];
  await writeFile(journal, two);
  const first = await store.read(run);
  expect(first.progress.steps.get('n1/1.1-a')?.attempts).toBe(2);
  expect((await store.read(run)).progress).toEqual(first.progress);
  await appendFile(journal, three.slice(two.length));
  expect((await store.read(run)).progress.steps.get('n1/1.1-a')?.attempts).toBe(3);
  await writeFile(journal, three.replace('"attempt":2', '"attempt":6'));
  await expect(store.read(run)).rejects.toThrow(/journal\.jsonl:4: its hash is not that of its content/);
  const file = join(store.folder(run).path, 'plan.json');
  const text = await readFile(file, 'utf8');
  await writeFile(journal, three);
  await writeFile(file, text.replace('do 1.1-a', 'do 1.1-b'));
  await expect(store.read(run)).rejects.toThrow(/the plan was edited or damaged/);
});

test('a run is reopened with what its whole lines state, and what is torn is cut off', async () => {
  const store = await stateFolder();
  const { journal: file } = store.folder(run);
  const text = journalOf(2);
  await writeFile(file, `${text}{"v":3,"seq":6,"at":"x","type":"run-fin`);
  await store.read(run);
  const { journal, progress } = await store.reopen(
    run,
    plan,
    () => 0,
    () => undefined,
  );
  onTestFinished(() => journal.close());
  expect((await store.wholeCopy(run)).journal.toString()).toBe(text);
  expect(progress.steps.get('n1/1.1-a')?.last?.ended).toEqual({ kind: 'exited', code: 1 });
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('the work of reading a journal grows with its records, not with their square', async () => {
  const store = await stateFolder();
  const cpu = async (attempts: number): Promise<number> => {
    await writeFile(store.folder(run).journal, journalOf(attempts));
    const before = process.cpuUsage();
    await new RunStore(store.root).read(run);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  // Whatever else the machine does makes a reading dearer, never cheaper.
  const best = async (attempts: number) => Math.min(await cpu(attempts), await cpu(attempts), await cpu(attempts));
  await cpu(2000);
  expect((await best(20_000)) / (await best(2000))).toBeLessThanOrEqual(25);
});

test('the facts from before a run stay what they were, also where the run is rebuilt in its folder', async () => {
  const store = await stateFolder();
  const first = join(store.folder(run).path, 'facts-before.json');
  const before = await readFile(first, 'utf8');
  await store.saveFacts(run, { nodes: { n1: {} } });
  await store.create(run, plan, { nodes: { n2: {} } });
  expect(await readFile(first, 'utf8')).toBe(before);
});
