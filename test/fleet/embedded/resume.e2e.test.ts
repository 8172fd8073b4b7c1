import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runbook } from '../../commands/cli.ts';
import { localFleet } from './local.ts';
import { eventually } from '../../eventually.ts';

const STAGES = `    - { name: first, clusters: name != 'c1' }
    - { name: rest, clusters: 'true' }
`;
/** Fails until the file is there, and notes each time that it runs. */
const STEPS = `      - run: 'touch \${{ node.vars.at }}.ran; test -e \${{ node.vars.at }}.ok'
        on: local
`;

async function failed() {
  const it = localFleet(['a1', 'b1', 'c1'], STAGES, STEPS);
  for (const file of ['a1.ok', 'c1.ok']) it.touch(file);
  const applied = await it.fleet(...it.apply, '--yes');
  expect(applied.code, applied.all).toBe(1);
  // The run of the cluster that failed.
  const [, run = ''] = /b1: run (\S+)/.exec(applied.all) ?? [];
  expect(applied.all).toMatch(new RegExp(`b1 failed after .*\\n.*runbook status ${run}\\n`));
  return it;
}

test('a cluster that is settled by hand does not run again, and the stages after it go on', async () => {
  const it = await failed();
  const resumed = await it.fleet('resume', '--yes', '--treat', 'b1=skip:it is replaced next week');
  expect(resumed.code, resumed.all).toBe(0);
  const records = await it.records();
  expect(records.flatMap((one) => (one.type === 'cluster-started' ? [`${one.cluster}.${one.attempt}`] : []))).toEqual([
    'a1.1',
    'b1.1',
    'c1.1',
  ]);
  const { stdout } = await it.fleet('status');
  expect(stdout).toMatch(/b1 .*settled[^]*it is replaced next week/);
});

test('without a terminal it takes --yes, and nothing is changed without it', async () => {
  const it = await failed();
  const before = await it.records();
  const refused = await it.fleet('resume', '--treat', 'b1=done');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Look at `runbook fleet status` first') });
  expect(await it.records()).toEqual(before);
});

test('on a terminal it shows where the run is, and asks: no changes nothing, yes continues', async () => {
  const it = await failed();
  const before = await it.records();
  const resume = async (answer: string) => {
    const { terminal, running } = it.onTerminal('resume', '--retry', 'b1');
    await eventually(() => expect(terminal.text).toContain('[y/N]'));
    running.stdin.write(`${answer}\n`);
    return { code: (await running).exitCode, text: terminal.text };
  };
  const no = await resume('n');
  expect(no.code, no.text).toBe(130);
  expect(no.text).toMatch(/b1 +✖ failed[^]*Continue fleet run \S+ on 2 clusters \(again: b1\)\? \[y\/N\]/);
  expect(await it.records()).toEqual(before);
  it.touch('b1.ok');
  const yes = await resume('y');
  expect(yes.code, yes.text).toBe(0);
  expect(yes.text).toContain('every stage is over; 3 of 3 clusters done');
  // Of a run that is done there is nothing to ask.
  expect(await it.fleet('resume')).toMatchObject({ code: 0, all: expect.stringContaining('nothing to resume') });
});

test('a run whose driver was on a machine that is gone is continued once its lock is released by hand', async () => {
  const it = await failed();
  const [run = ''] = readdirSync(join(it.stateDir, 'fleets'));
  const lock = join(it.stateDir, 'fleets', run, 'locks', 'driver.json');
  const holder = {
    version: 1,
    id: '0badcafe',
    run,
    runbook: 'prod',
    cluster: 'driver',
    host: 'a-container-that-is-gone',
    user: 'ann',
    pid: 12,
    pidStart: '1',
    bootId: 'other',
    startedAt: '2026-11-30T10:00:00.000Z',
  };
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, JSON.stringify(holder));
  it.touch('b1.ok');
  const refused = await it.fleet('resume', '--yes', '--retry', 'b1');
  expect(refused.code, refused.all).toBe(4);
  expect(refused.stderr).toContain('process 12 of ann on a-container-that-is-gone');
  expect(refused.stderr).toContain('If it is gone: runbook unlock 0badcafe');
  const released = await runbook(['unlock', '0badcafe', '--state-dir', it.stateDir]);
  expect(released).toMatchObject({ code: 0, all: expect.stringContaining(`of fleet run ${run}`) });
  const resumed = await it.fleet('resume', '--yes', '--retry', 'b1');
  expect(resumed.code, resumed.all).toBe(0);
});
