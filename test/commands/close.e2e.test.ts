import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, type Lab, labUp, runbook, startRunbook } from './cli.ts';
import { until } from '../eventually.ts';

test('close undoes what is its own, marks it closed everywhere, and leaves what was there before', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--time-scale', '20');
  const state = folder();
  const common = ['-i', lab.inventory, '--state-dir', state];
  await lab.fault('worker-1', 'systemctl restart kubelet', 'exit:7');
  const failed = await runbook(['apply', 'upgrade-1.32.yaml', ...common, '--yes']);
  expect(failed.code, failed.all.slice(-2000)).toBe(1);
  const [run = ''] = /\d{8}-\d{6}-\S+-[0-9a-f]{4}/.exec(failed.all) ?? [];
  const before = await lab.node('worker-1');
  expect(before.unschedulable).toBe(true);

  const asked = await runbook(['close', run, ...common]);
  expect(asked.code).toBe(2);
  expect((await lab.node('worker-1')).unschedulable).toBe(true);

  const closed = await runbook(['close', run, ...common, '--yes', '--reason', 'worker-1 is replaced']);
  expect(closed.code, closed.all).toBe(0);
  expect(closed.stdout).toContain('worker-1 is cordoned by this run');
  expect(closed.stdout).toContain('uncordon worker-1');
  const after = await lab.node('worker-1');
  expect(after).toMatchObject({ unschedulable: false, held: before.held, packages: before.packages });
  expect(Object.keys(after.annotations).filter((key) => key.startsWith('runbook/'))).toEqual([]);

  const twice = await runbook(['close', run, ...common, '--yes']);
  expect(twice.code, twice.all).toBe(0);
  expect(twice.stdout).not.toContain('uncordon');
  const resumed = await runbook(['resume', run, ...common, '--yes']);
  expect(resumed.code).toBe(0);
  expect(resumed.stdout).toMatch(/was closed by \S+ at \S+: worker-1 is replaced/);
  const elsewhere = await runbook(['resume', run, '-i', lab.inventory, '--state-dir', folder(), '--yes']);
  expect(elsewhere.all).toContain('was closed by');
  expect((await runbook(['runs', '--state-dir', state])).stdout).toMatch(/ closed /);
  const anew = await runbook(['apply', 'upgrade-1.32.yaml', ...common, '--yes']);
  expect(anew.code, anew.all.slice(-2000)).toBe(0);
});

const WORK = `apiVersion: runbook/v1
kind: Runbook
name: work
phases:
  - name: Work
    nodes: worker-1
    steps: [{ uses: drain }, { name: long, run: systemctl restart kubelet }, { uses: uncordon }]
`;

/** A run whose controller was killed while its step on worker-1 ran, for some seconds more. */
async function killedWhileWorking() {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--time-scale', '20');
  await lab.fault('worker-1', 'systemctl restart kubelet', 'slow:20s');
  const [state, file] = [folder(), join(lab.dir, 'work.yaml')];
  writeFileSync(file, WORK);
  const running = startRunbook(['apply', file, '-i', lab.inventory, '--state-dir', state, '--yes']);
  await runsOn(lab, 'worker-1', /^systemctl restart kubelet/);
  running.kill('SIGKILL');
  await running;
  const [run = ''] = readdirSync(join(state, 'runs'));
  const close = (inventory = lab.inventory) => ['close', run, '-i', inventory, '--state-dir', state, '--yes'];
  const records = () =>
    readFileSync(join(state, 'runs', run, 'journal.jsonl'), 'utf8').match(/(?<="type":")run-[a-z]+/g);
  return { lab, run, close, records };
}

/** Waits until such a command is under way. */
async function runsOn(lab: Lab, node: string, command: RegExp): Promise<void> {
  const isUnderWay = async () =>
    (await lab.node(node)).commands.some(({ line, exit }) => command.test(line) && exit === null);
  await until(isUnderWay, { interval: 200 });
}

async function closedAtLast(close: readonly string[]): Promise<void> {
  await until(async () => (await runbook(close)).code === 0, { interval: 500 });
}

test('close waits for a step that still runs, and continues where it was killed itself', async () => {
  const { lab, run, close, records } = await killedWhileWorking();
  const refused = await runbook(close());
  expect(refused.code, refused.all).toBe(1);
  expect(refused.all).toContain(`a step of run ${run} still runs; nothing was changed`);
  expect((await lab.node('worker-1')).unschedulable).toBe(true);

  await lab.fault('cp-1', 'kubectl .*uncordon', 'slow:10s');
  const ended = async () => (await lab.node('worker-1')).commands.every(({ exit }) => exit !== null);
  await until(ended, { interval: 500 });
  const closing = startRunbook(close());
  await runsOn(lab, 'cp-1', /^kubectl .*uncordon/);
  closing.kill('SIGKILL');
  await closing;
  expect(records()).toEqual(['run-started']);
  await closedAtLast(close());
  expect(await lab.node('worker-1')).toMatchObject({ unschedulable: false });
  expect(records()).toEqual(['run-started', 'run-resumed', 'run-abandoned']);
});

test('close undoes nothing of a node that does not answer and on which a step may still run', async () => {
  const { lab, close, records } = await killedWhileWorking();
  const away = join(lab.dir, 'away.yaml');
  writeFileSync(away, readFileSync(lab.inventory, 'utf8').replace(/(name: worker-1[^-]*-?[^-]*port: )\d+/, '$11'));
  const closed = await runbook(close(away));
  expect(closed.code, closed.all).toBe(1);
  expect(closed.stdout).toMatch(/not known of worker-1: .*; 1\.2-long may still run there/);
  expect((await lab.node('worker-1')).unschedulable).toBe(true);
  await closedAtLast(close());
  expect((await lab.node('worker-1')).unschedulable).toBe(false);
  expect(records()).toEqual(['run-started', 'run-resumed', 'run-abandoned']);
});
