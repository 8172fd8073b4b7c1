import { readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readFleetJournal } from '../../../src/fleet/embedded/journal.ts';
import type { FleetRecord } from '../../../src/fleet/record.ts';
import { generator } from '../../../src/rehearse/faults/generator.ts';
import { folder, type Lab, labUp, type NodeState, runbook } from '../../commands/cli.ts';
import { eventually } from '../../eventually.ts';

const CLI = new URL('../../../dist/cli.js', import.meta.url).pathname;
const SOAK = 3000;

const statusSchema = z.looseObject({
  run: z.string(),
  state: z.string(),
  clusters: z.array(z.looseObject({ cluster: z.string(), state: z.string(), reason: z.string() })),
});

/** Labs with clusters of their own names. */
async function labs(names: readonly string[]): Promise<ReadonlyMap<string, Lab>> {
  const made = new Map<string, Lab>();
  for (const name of names) {
    const lab = await labUp('--control-planes', '1', '--workers', '0', '--time-scale', '30');
    const text = readFileSync(lab.inventory, 'utf8');
    writeFileSync(lab.inventory, text.replace(/^cluster: .*$/m, `cluster: ${name}`));
    made.set(name, lab);
  }
  return made;
}

function fleetOf(dir: string, of: ReadonlyMap<string, Lab>): string {
  const file = join(dir, 'fleet.yaml');
  const clusters = [...of].map(
    ([name, lab]) => `  - { name: ${name}, inventory: ${lab.inventory}, labels: { stage: '${name.slice(0, 1)}' } }`,
  );
  writeFileSync(
    file,
    `apiVersion: runbook/v1
kind: Fleet
name: prod
clusters:
${clusters.join('\n')}
strategy:
  stages:
    - { name: first, clusters: "labels.stage == 'a'", soak: 3s }
    - { name: second, clusters: "labels.stage == 'b'", maxConcurrent: 2, maxFailures: 1, soak: 3s }
    - { name: third, clusters: 'true', maxConcurrent: 2 }
`,
  );
  return file;
}

/** The machine's own upgrades in the audit log of a lab, with their times. */
function upgrades(nodes: readonly NodeState[]): readonly { readonly at: number; readonly line: string }[] {
  const commands = nodes.flatMap(({ name, commands: all }) =>
    all
      .filter(({ line, exit }) => /^kubeadm upgrade (?:apply|node)\b(?!.*--dry-run)/.test(line) && exit === 0)
      .map(({ at, line }) => ({ at: Date.parse(at), line: `${name}: ${line}` })),
  );
  return commands.toSorted((a, b) => a.at - b.at);
}

test('six clusters in three stages, the driver killed at twenty points: each is upgraded once, in order; a failure within the budget is passed, one above it stops its stage', async () => {
  const dir = folder();
  const of = await labs(['a1', 'b1', 'b2', 'b3', 'c1', 'c2']);
  const state = ['--state-dir', join(dir, 'state')];
  // A folder, whatever it is called.
  const saved = join(dir, 'saved.json');
  const planned = await runbook(['fleet', 'plan', fleetOf(dir, of), 'upgrade-1.32', '-o', saved, ...state]);
  expect(planned.code, planned.all).toBe(0);
  // Within the budget of its stage; and in a stage whose clusters may not fail.
  await of.get('b2')?.fault('cp-1', '^kubeadm upgrade apply .*(?<!dry-run)$', 'exit:1');
  await of.get('c1')?.fault('cp-1', '^kubeadm upgrade apply .*(?<!dry-run)$', 'exit:1');

  let words = ['fleet', 'apply', saved, '--yes', ...state];
  let kills = 0;
  const random = generator(20261130);
  let last: { readonly code: number | undefined; readonly all: string } = { code: undefined, all: '' };
  for (;;) {
    const driver = execa(process.execPath, [CLI, ...words], {
      reject: false,
      all: true,
      stdin: 'ignore',
      env: { NO_COLOR: '1' },
    });
    onTestFinished(() => void driver.kill('SIGKILL'));
    const ended = new AbortController();
    // Spread over the eighteen records of six starts, runs and ends.
    const killed =
      kills < 20
        ? killAtWork(driver, join(dir, 'state'), Math.floor(kills * 0.8), random() * 1500, ended.signal)
        : undefined;
    const { exitCode, all, isTerminated } = await driver;
    ended.abort();
    await killed;
    last = { code: exitCode, all };
    if (!isTerminated) break;
    kills += 1;
    words = ['fleet', 'resume', '--yes', ...state];
  }
  expect(last.code, last.all).toBe(1);
  expect(kills).toBe(20);
  expect(last.all).toMatch(/failed: stage third: c1 failed, and none may fail/);

  const shown = await runbook(['fleet', 'status', '--output', 'json', ...state]);
  const status = statusSchema.parse(JSON.parse(shown.stdout));
  const standings = Object.fromEntries(status.clusters.map((one) => [one.cluster, one.state]));
  expect(standings).toMatchObject({ a1: 'done', b1: 'done', b2: 'failed', b3: 'done', c1: 'failed' });
  expect(status.state).toBe('failed');

  // When the causes are gone, the stage that stopped is run again, and another cluster by its name.
  const resumed = await runbook(['fleet', 'resume', '--yes', '--retry', 'b2', ...state]);
  expect(resumed.code, resumed.all).toBe(0);

  const journal = join(dir, 'state', 'fleets', status.run, 'journal.jsonl');
  const records = await readFleetJournal(journal);
  checkOrder(records);
  const times = new Map<string, readonly number[]>();
  for (const [name, lab] of of) {
    const nodes = await lab.nodes();
    const ran = upgrades(nodes);
    expect(
      ran.map(({ line }) => line.replace(/ --.*/, '').replace(/ (-y|v1\S*)/g, '')),
      name,
    ).toEqual(['cp-1: kubeadm upgrade apply']);
    expect(
      nodes.map(({ kubeletRunning }) => kubeletRunning),
      name,
    ).toEqual(['1.32.9']);
    expect(nodes.every(({ unschedulable }) => !unschedulable)).toBe(true);
    times.set(
      name,
      ran.map(({ at }) => at),
    );
  }
  // From what ran on the machines: the second stage after the first with its soak, the third after the second.
  const first = (name: string): number => times.get(name)?.[0] ?? 0;
  const end = (name: string): number => times.get(name)?.at(-1) ?? 0;
  for (const name of ['b1', 'b3']) expect(first(name)).toBeGreaterThan(end('a1') + SOAK);
  for (const name of ['c1', 'c2']) expect(first(name)).toBeGreaterThan(Math.max(end('b1'), end('b3')) + SOAK);
}, 1_500_000);

/** Each attempt once; at most two at a time; a stage begins after the one before it and its soak. */
function checkOrder(records: readonly FleetRecord[]): void {
  const starts = records.filter((one) => one.type === 'cluster-started').map((one) => `${one.cluster}.${one.attempt}`);
  expect(new Set(starts).size).toBe(starts.length);
  const retried = starts.filter((one) => !one.endsWith('.1'));
  expect(retried.toSorted()).toEqual(['b2.2', 'c1.2']);
  const running = new Set<string>();
  for (const record of records) {
    if (record.type === 'cluster-started') running.add(record.cluster);
    if (record.type === 'cluster-ended') running.delete(record.cluster);
    expect(running.size).toBeLessThanOrEqual(2);
    if (running.has('a1')) expect(running.size).toBe(1);
  }
  expect(running.size).toBe(0);
}

interface Killable {
  readonly kill: (signal: 'SIGKILL') => boolean;
}

/** Kills a driver at work, a moment after so many records of what it did are kept; unless it ends before. */
async function killAtWork(
  driver: Killable,
  stateDir: string,
  records: number,
  after: number,
  ended: AbortSignal,
): Promise<void> {
  const kept = async () => {
    const fleets = join(stateDir, 'fleets');
    const [run] = await readdir(fleets).catch(() => []);
    const all = run === undefined ? [] : await readFleetJournal(join(fleets, run, 'journal.jsonl')).catch(() => []);
    const begins = all.filter(({ type }) => type === 'fleet-started' || type === 'fleet-resumed').length;
    return { begins, others: all.length - begins };
  };
  const before = (await kept()).begins;
  for (;;) {
    const { begins, others } = await kept();
    if (begins > before && others >= records) break;
    if (ended.aborted) return;
    await setTimeout(50);
  }
  await setTimeout(after);
  driver.kill('SIGKILL');
}

const SLOW = `apiVersion: runbook/v1
kind: Runbook
name: hold
phases:
  - name: Hold
    nodes: all
    steps:
      - { name: One, run: 'apt-mark hold kubeadm' }
      - { name: Two, run: 'apt-mark hold kubelet' }
`;

test('approval, pause and cancel come from another terminal; refused clusters are told before the first one starts', async () => {
  const dir = folder();
  const of = await labs(['a1', 'b1']);
  const state = ['--state-dir', join(dir, 'state')];
  const [file, book] = [join(dir, 'fleet.yaml'), join(dir, 'hold.yaml')];
  writeFileSync(book, SLOW);
  const text = (inventory: string) => `apiVersion: runbook/v1
kind: Fleet
name: prod
clusters:
  - { name: a1, inventory: ${of.get('a1')?.inventory} }
  - { name: b1, inventory: ${inventory} }
strategy:
  stages:
    - { name: first, clusters: name == 'a1', approve: true }
    - { name: second, clusters: 'true' }
`;
  writeFileSync(file, text(join(dir, 'gone.yaml')));
  const missing = await runbook(['fleet', 'apply', file, book, '--yes', ...state]);
  expect(missing).toMatchObject({
    code: 2,
    all: expect.stringMatching(/fleet\.yaml:6:\d+: error: the inventory of `b1`/),
  });
  writeFileSync(file, text(of.get('b1')?.inventory ?? ''));
  const refused = await runbook(['fleet', 'apply', file, 'upgrade', '--set', 'version=1.40.0', '--yes', ...state]);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('2 of 2 clusters cannot be run; nothing was changed');

  const driver = execa(process.execPath, [CLI, 'fleet', 'apply', file, book, '--yes', '--output', 'json', ...state], {
    reject: false,
    stdin: 'ignore',
    env: { NO_COLOR: '1' },
  });
  onTestFinished(() => void driver.kill('SIGKILL'));
  const status = async () => (await runbook(['fleet', 'status', ...state])).all;
  await eventually(async () => expect(await status()).toContain('stage first waits for approval'), 300);
  expect(await runbook(['fleet', 'apply', file, book, '--yes', ...state])).toMatchObject({
    code: 1,
    all: expect.stringContaining('is not over'),
  });
  expect(await runbook(['fleet', 'approve', 'second', ...state])).toMatchObject({ code: 2 });
  expect((await runbook(['fleet', 'pause', ...state])).code).toBe(0);
  expect((await runbook(['fleet', 'approve', 'first', ...state])).code).toBe(0);
  await eventually(async () => expect(await status()).toMatch(/paused[^]*nothing is started/), 300);
  expect((await runbook(['fleet', 'resume', ...state])).all).toContain('asked the driver');
  const { exitCode, stdout } = await driver;
  expect(exitCode, stdout).toBe(0);
  const types = stdout.split('\n').map((line) => z.looseObject({ type: z.string() }).parse(JSON.parse(line)).type);
  expect(types.filter((type) => !type.startsWith('cluster'))).toEqual([
    'fleet-started',
    'paused',
    'stage-approved',
    'unpaused',
    'fleet-ended',
  ]);

  const page = join(dir, 'fleet.html');
  expect((await runbook(['fleet', 'report', '-o', page, ...state])).code).toBe(0);
  const html = readFileSync(page, 'utf8');
  const [, link = ''] = /href="(fleet-runs\/[^"]+)"/.exec(html) ?? [];
  expect(readFileSync(join(dir, link), 'utf8')).toContain('hold on a1');
  expect(html).not.toContain('What to know');
  expect(await runbook(['fleet', 'cancel', '--reason', 'no', ...state])).toMatchObject({ code: 2 });
});
