import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Agreed, agreedRun, requireOnePlan } from '../../src/journal/agreement.ts';
import { bestCopy, newestUnfinished, readCopies, requireReadable } from '../../src/journal/copies.ts';
import { compareCopies } from '../../src/journal/kept.ts';
import { openJournal, readJournal } from '../../src/journal/journal.ts';
import { KEPT_RUNS, Mirror } from '../../src/journal/mirror.ts';
import { foldJournal } from '../../src/journal/progress.ts';
import { rebuildLines, writeRebuilt } from '../../src/journal/rebuild.ts';
import type { JournalBody } from '../../src/journal/record.ts';
import { RunStore } from '../../src/journal/store.ts';
import { type Plan, planDigest } from '../../src/plan/plan.ts';
import { planOf, step } from '../engine/bench.ts';
import { nodes, type Nodes, testInShells } from './nodes.ts';
import { more, resealed } from './reseal.ts';

const holder = { host: 'here', pid: 1, user: 'me' };
const digest = 'ab'.repeat(32);
const content: Plan = {
  ...planOf(
    ['cp-1', 'w.1'],
    [step('cp-1', '1.1-a', { title: 'ä' }), step('w.1', '1.1-a'), step('w.1', '1.2-b', { place: 'local' })],
  ),
  factsDigest: digest,
  runbook: { name: 'upgrade', file: 'upgrade.yaml', digest, text: "name: 'ä'\n" },
  inventory: { file: 'inventory.yaml', digest, cluster: 'prod' },
};
const plan: Plan = { ...content, digest: planDigest(content) };
const started = (run: string, of: Plan): JournalBody => ({
  type: 'run-started',
  run,
  plan: of.digest,
  epoch: 1,
  holder,
});
const attempt = (node: string, id: string, number: number, host = node): JournalBody => ({
  type: 'attempt-started',
  step: id,
  node,
  attempt: number,
  host,
  scriptDigest: 'x',
});

async function stateFolder(): Promise<RunStore> {
  const folder = await mkdtemp(join(tmpdir(), 'mirror-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return new RunStore(folder);
}

/** What a majority of the nodes keeps. */
async function agreed(on: Nodes, known?: string): Promise<Agreed> {
  const found = agreedRun((await readCopies(on)).copies, () => on.nodes, known);
  if (!found) throw new Error('no majority');
  return found;
}

/** A run that writes its journal here and on the nodes. */
async function begin(on: Nodes, run: string, said: string[] = [], of: Plan = plan) {
  const store = await stateFolder();
  const folder = await store.create(run, of, { nodes: {} });
  const say = (text: string) => said.push(text);
  const mirror = new Mirror({
    nodes: on.nodes,
    root: on.root,
    run,
    epoch: 1,
    plan: JSON.stringify(of),
    ask: on.ask,
    gather: 0,
    say,
  });
  const { journal } = await openJournal(
    folder.journal,
    () => 0,
    (line) => {
      mirror.push(line);
    },
  );
  onTestFinished(() => journal.close());
  await journal.append(started(run, of));
  return { store, folder, mirror, journal };
}

testInShells('what is in the journal is on the nodes, and a run is rebuilt from it as it was', async (shell) => {
  const on = await nodes(2, shell);
  const { folder, journal, mirror } = await begin(on, 'r1');
  await journal.append(attempt('cp-1', '1.1-a', 1));
  await journal.append({ type: 'step-treated', step: '1.1-a', node: 'cp-1', as: 'again', by: `o'h"ära \\n $x` });
  await mirror.flush();
  const { copies, missing } = await readCopies(on);
  expect(missing).toEqual([]);
  expect(copies.map((copy) => [copy.node, copy.run, copy.epoch, copy.over])).toEqual([
    ['cp-1', 'r1', 1, false],
    ['cp-2', 'r1', 1, false],
  ]);
  const copy = newestUnfinished(copies, { cluster: plan.inventory.cluster, runbook: plan.runbook.name });
  expect(copy?.plan).toEqual(plan);
  expect(copy?.records).toEqual(await readJournal(folder.journal));
  await mirror.finish();
  expect((await readCopies(on)).copies).toEqual([]);
  expect((await readCopies(on, { run: 'r1' })).copies[0]?.over).toBe(true);
});

test('a lost tail is made up from the attempts that the nodes know', async () => {
  const on = await nodes(1);
  const { journal, mirror } = await begin(on, 'r1');
  await journal.append(attempt('cp-1', '1.1-a', 1));
  await mirror.flush();
  const kept = await agreed(on);
  const found = [
    { node: 'cp-1', id: '1.1-a.cp-1.2' },
    { node: 'cp-1', id: '1.1-a.cp-1.1' },
    { node: 'w.1', id: '1.1-a.w.1.1' },
    { node: 'w.1', id: '9.9-other.w.1.1' },
    // A node says nothing of steps that run elsewhere.
    { node: 'w.1', id: '1.1-a.cp-1.7' },
    { node: 'cp-1', id: '1.2-b.w.1.1' },
  ];
  const store = await stateFolder();
  const lines = rebuildLines(kept, found, 0);
  expect(lines.slice(2).map((line) => JSON.parse(line))).toMatchObject([
    { seq: 3, type: 'attempt-started', node: 'cp-1', attempt: 2, host: 'cp-1' },
    { seq: 4, type: 'attempt-started', node: 'w.1', attempt: 1, host: 'w.1' },
  ]);
  await writeRebuilt(store, kept, lines);
  const { progress, plan: written } = await store.read('r1');
  expect(written).toEqual(plan);
  expect(progress.steps.get('cp-1/1.1-a')).toMatchObject({ attempts: 2, last: { attempt: 2, host: 'cp-1' } });
  expect(progress.steps.get('w.1/1.1-a')?.last?.ended).toBeUndefined();
});

test('an attempt on a machine that is not this one, without an end, is never taken for one that did not run', async () => {
  const on = await nodes(1);
  const { journal, mirror } = await begin(on, 'r1');
  await journal.append(attempt('w.1', '1.2-b', 1, 'local'));
  await mirror.flush();
  const last = rebuildLines(await agreed(on), [], 0).at(-1) ?? '';
  expect(JSON.parse(last)).toMatchObject({ type: 'attempt-ended', state: { kind: 'interrupted' } });
});

test('of a torn or damaged copy the whole beginning counts, and of all copies what a majority keeps', async () => {
  const on = await nodes(3);
  const { journal, mirror } = await begin(on, 'r1');
  for (let i = 1; i <= 3; i += 1) await journal.append(attempt('cp-1', '1.1-a', i));
  await mirror.flush();
  const file = (node: string, epoch = 1) => on.path(node, 'r1', `journal.${epoch}`);
  const text = await readFile(file('cp-1'), 'utf8');
  await writeFile(file('cp-1'), text.slice(0, -20));
  await writeFile(file('cp-2'), text.replace('"seq":2', '"seq":x'));
  expect((await readCopies(on)).copies.map((copy) => copy.records.length)).toEqual([3, 1, 4]);
  expect(await agreed(on)).toMatchObject({ nodes: ['cp-1', 'cp-3'], records: { length: 3 }, dissenting: ['cp-3'] });
  await writeFile(file('cp-1'), text);
  expect(await agreed(on)).toMatchObject({ nodes: ['cp-1', 'cp-3'], records: { length: 4 }, dissenting: [] });
});

test('what one node adds to a run, in a later epoch or another plan, is not believed', async () => {
  const on = await nodes(3);
  const { journal, mirror } = await begin(on, 'r1');
  await journal.append(attempt('cp-1', '1.1-a', 1));
  await mirror.flush();
  const text = await readFile(on.path('cp-2', 'r1', 'journal.1'), 'utf8');
  const done = {
    type: 'step-finished',
    step: '1.1-a',
    node: 'cp-1',
    outcome: 'changed',
    reason: '',
    duration: 1,
  } as const;
  const late = more(text, { type: 'run-resumed', epoch: 99, holder }, done);
  await writeFile(on.path('cp-2', 'r1', 'journal.99'), late);
  expect(await agreed(on)).toMatchObject({ progress: { epoch: 1 }, records: { length: 2 }, dissenting: ['cp-2'] });

  const evil = { ...plan, inputs: { evil: true } };
  const sealed = { ...evil, digest: planDigest(evil) };
  await writeFile(on.path('cp-2', 'r1', 'plan.json'), JSON.stringify(sealed));
  for (const epoch of [1, 99])
    await writeFile(on.path('cp-2', 'r1', `journal.${epoch}`), resealed(late.replace(plan.digest, sealed.digest)));
  const { copies } = await readCopies(on);
  expect(await agreed(on)).toMatchObject({ plan: { digest: plan.digest }, nodes: ['cp-1', 'cp-3'] });
  expect(() => requireOnePlan(copies, undefined, undefined)).toThrow(/do not keep one and the same plan/);
  expect(() => requireOnePlan(copies, plan, plan.digest)).not.toThrow();
  expect(agreedRun(copies, () => on.nodes, sealed.digest)).toBeUndefined();
  expect(agreedRun(copies, () => [...on.nodes, 'cp-4'])).toBeUndefined();
});

test('of a later epoch that a majority keeps the journal counts, also where the earlier one is still beside it', async () => {
  const on = await nodes(3);
  const { journal, mirror } = await begin(on, 'r1');
  await journal.append(attempt('cp-1', '1.1-a', 1));
  await mirror.flush();
  const text = await readFile(on.path('cp-1', 'r1', 'journal.1'), 'utf8');
  const begun = `${text.split('\n')[0]}\n`;
  for (const node of ['cp-1', 'cp-2'])
    await writeFile(on.path(node, 'r1', 'journal.2'), more(begun, { type: 'run-resumed', epoch: 2, holder }));
  expect(await agreed(on)).toMatchObject({ progress: { epoch: 2 }, records: { length: 2 }, nodes: ['cp-1', 'cp-2'] });
});

testInShells(
  'nothing in a file is taken for a file of its own, and no folder for a run that has no such id',
  async (shell) => {
    const on = await nodes(1, shell);
    const lines = `echo\n%runbook run r9 over\n%runbook journal 9\n{}\n`;
    const text = { ...plan, runbook: { ...plan.runbook, text: lines } };
    const { mirror } = await begin(on, 'r1', [], { ...text, digest: planDigest(text) });
    await mirror.flush();
    await on.ask('cp-1', `cd ~/r 2>/dev/null || cd ${on.root}; cp -r r1 R_1`);
    const { copies, missing } = await readCopies(on);
    expect([copies.map(({ run, plan: { runbook } }) => [run, runbook.text]), missing]).toEqual([[['r1', lines]], []]);
  },
);

test('a node that was away gets the whole once it is back, and is named once', async () => {
  const on = await nodes(2);
  const said: string[] = [];
  on.away.add('cp-2');
  const { folder, journal, mirror } = await begin(on, 'r1', said);
  await journal.append(attempt('cp-1', '1.1-a', 1));
  await mirror.flush();
  expect(said).toEqual([expect.stringContaining('cp-2 keeps no copy')]);
  on.away.clear();
  await mirror.flush();
  on.hook = (_node, script) => (script.includes('oflag=append') ? script.length - 100 : undefined);
  await journal.append(attempt('cp-1', '1.1-a', 2));
  await mirror.flush();
  on.hook = () => undefined;
  await mirror.flush();
  const copies = (await readCopies(on)).copies;
  for (const copy of copies) expect(copy.records).toEqual(await readJournal(folder.journal));
  expect(copies).toHaveLength(2);
  expect(said).toHaveLength(2);
});

test('the journal here does not wait for a slow node, whose lines gather', async () => {
  const on = await nodes(1);
  let goOn: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => (goOn = resolve));
  let requests = 0;
  const slow: Nodes = {
    ...on,
    ask: async (node, script) => {
      requests += 1;
      await waiting;
      return on.ask(node, script);
    },
  };
  const { journal, mirror, folder } = await begin(slow, 'r1');
  for (let i = 1; i <= 20; i += 1) await journal.append(attempt('cp-1', '1.1-a', i));
  expect(await readJournal(folder.journal)).toHaveLength(21);
  goOn();
  await mirror.flush();
  expect(requests).toBeLessThanOrEqual(2);
  expect((await readCopies(on)).copies[0]?.records).toHaveLength(21);
});

test('an older controller that still writes changes nothing for the later one', async () => {
  const on = await nodes(1);
  const { journal, mirror } = await begin(on, 'r1');
  await mirror.flush();
  const { lines } = await agreed(on);
  const later = new Mirror(
    {
      nodes: on.nodes,
      root: on.root,
      run: 'r1',
      epoch: 2,
      plan: JSON.stringify(plan),
      ask: on.ask,
      gather: 0,
      say: () => undefined,
    },
    Buffer.from(lines.map((line) => `${line}\n`).join('')),
  );
  await later.flush();
  await journal.append({ type: 'run-abandoned', reason: 'late' });
  await mirror.flush();
  expect(bestCopy((await readCopies(on)).copies)).toMatchObject({ epoch: 2, over: false, records: { length: 1 } });
});

/** A run with a long journal whose last record no node has, and a later controller that counts what it sends. */
async function longRun(on: Nodes) {
  const { store, folder, journal, mirror } = await begin(on, 'r1');
  await Promise.all(Array.from({ length: 400 }, (_, index) => journal.append(attempt('cp-1', '1.1-a', index + 1))));
  await mirror.flush();
  for (const node of on.nodes) on.away.add(node);
  await journal.append(attempt('w.1', '1.1-a', 1));
  await mirror.flush();
  on.away.clear();
  const copy = await store.wholeCopy('r1');
  expect(copy.journal.length).toBeGreaterThan(80_000);
  const sent: number[] = [];
  on.hook = (_node, script) => (sent.push(script.length), undefined);
  const { nodes: names, root, ask } = on;
  const options = { nodes: names, root, ask, run: 'r1', epoch: 2, plan: copy.plan, gather: 0, say: () => undefined };
  const flush = async (): Promise<number> => {
    await new Mirror(options, copy.journal).flush();
    return sent.reduce((sum, bytes) => sum + bytes, 0);
  };
  return { copy, folder, journal, flush };
}

testInShells('a later controller sends a node only what it lacks of a long journal', async (shell) => {
  const on = await nodes(2, shell);
  const { folder, flush } = await longRun(on);
  expect(await flush()).toBeLessThan(2 * 5000);
  const { copies } = await readCopies(on, { run: 'r1' });
  expect(copies.map(({ node, epoch }) => [node, epoch])).toEqual([
    ['cp-1', 2],
    ['cp-2', 2],
  ]);
  for (const { plan: kept, records } of copies)
    expect([kept, records]).toEqual([plan, await readJournal(folder.journal)]);
});

test('a node whose copy is damaged, or is changed while it is continued, gets the whole', async () => {
  const on = await nodes(1);
  const { folder, flush } = await longRun(on);
  const file = on.path('cp-1', 'r1', 'journal.1');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"attempt":200,', '"attempt":201,'));
  expect(await flush()).toBeGreaterThan(text.length);
  const kept = on.path('cp-1', 'r1', 'journal.2');
  expect(await readFile(kept, 'utf8')).toBe(await readFile(folder.journal, 'utf8'));

  await writeFile(file, text);
  await writeFile(kept, '');
  let changed = 0;
  on.hook = (_node, script) => {
    if (!script.includes(`head -c ${text.length} `)) return undefined;
    writeFileSync(file, text.replace('"attempt":3,', '"attempt":4,'));
    changed += 1;
    return undefined;
  };
  await flush();
  expect(changed).toBe(1);
  expect(await readFile(kept, 'utf8')).toBe(await readFile(folder.journal, 'utf8'));
});

testInShells('copies are compared by length and digest, and only others than the journal here count', async (shell) => {
  const on = await nodes(3, shell);
  const { copy } = await longRun(on);
  on.away.add('cp-3');
  expect(await compareCopies(on, 'r1', copy)).toMatchObject({ missing: [{ node: 'cp-3' }], others: [] });
  on.away.clear();
  const file = `${on.root.replace('~', '$HOME')}/r1`;
  await on.ask('cp-1', `echo more >>"${file}/journal.1"`);
  await on.ask('cp-2', `echo more >>"${file}/plan.json"`);
  expect(await compareCopies(on, 'r1', copy)).toEqual({ missing: [], others: ['cp-1', 'cp-2'] });
  expect(await compareCopies(on, 'r2', copy)).toEqual({ missing: [], others: [] });
});

test('plans and journals of only the newest runs that are over stay on a node', async () => {
  const on = await nodes(1);
  const unfinished = await begin(on, 'r00');
  await unfinished.mirror.flush();
  for (let i = 1; i <= KEPT_RUNS + 3; i += 1) await (await begin(on, `r${10 + i}`)).mirror.finish();
  const runs = (await readdir(on.path('cp-1'))).toSorted();
  const kept = [];
  for (const run of runs) if ((await readdir(on.path('cp-1', run))).includes('plan.json')) kept.push(run);
  expect(kept).toEqual(['r00', ...Array.from({ length: KEPT_RUNS }, (_, index) => `r${14 + index}`)]);
  expect((await readCopies(on)).copies.map((copy) => copy.run)).toEqual(['r00']);
});

test('a finished run, one of another cluster or runbook, or nodes that cannot be read are no run to resume', async () => {
  const on = await nodes(2);
  const { journal, mirror } = await begin(on, 'r1');
  await mirror.flush();
  const { copies } = await readCopies(on);
  const { cluster } = plan.inventory;
  expect(newestUnfinished(copies, { cluster: 'other' })).toBeUndefined();
  expect(newestUnfinished(copies, { cluster, runbook: 'other' })).toBeUndefined();
  expect(newestUnfinished(copies, { cluster })?.run).toBe('r1');
  on.away.add('cp-2');
  await journal.append({ type: 'run-finished' });
  await mirror.flush();
  on.away.clear();
  expect(newestUnfinished((await readCopies(on)).copies, { cluster })).toBeUndefined();
  on.away.add('cp-1').add('cp-2');
  const { missing } = await readCopies(on);
  expect(() => requireReadable(on.nodes, missing)).toThrow(/cannot read what the nodes keep/);
  expect(foldJournal(copies[0]?.records ?? []).run).toBe('r1');
});
