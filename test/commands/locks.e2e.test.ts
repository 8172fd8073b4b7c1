import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { folder, type Lab, labUp, runbook, startRunbook } from './cli.ts';
import { until } from '../eventually.ts';

const UPGRADE = 'upgrade-1.32.yaml';

async function smallLab(): Promise<Lab> {
  return labUp('--control-planes', '3', '--workers', '0');
}

function upgrade(lab: Lab, state: string): string[] {
  return ['apply', UPGRADE, '-i', lab.inventory, '--state-dir', state, '--yes'];
}

async function applies(lab: Lab, node: string): Promise<(number | null)[]> {
  const { commands } = await lab.node(node);
  return commands
    .filter(({ line }) => /^kubeadm upgrade (apply|node)\b(?!.*--dry-run)/.test(line))
    .map(({ exit }) => exit);
}

/** An apply that is in the middle of `kubeadm upgrade apply` on cp-1, for a good while. */
async function inTheMiddle(lab: Lab, state: string, seconds = 15) {
  await lab.fault('cp-1', 'kubeadm upgrade apply', `slow:${seconds}s`);
  const running = startRunbook(upgrade(lab, state));
  onTestFinished(() => {
    running.kill('SIGKILL');
  });
  await until(async () => (await applies(lab, 'cp-1')).length === 1, { interval: 500 });
  return { running };
}

test('of two applies from two state folders one runs; the other names who, where, since when, and the lock to free', async () => {
  const lab = await smallLab();
  const both = await Promise.all([folder(), folder()].map((state) => runbook(upgrade(lab, state))));
  expect(new Set(both.map(({ code }) => code)), both.map(({ all }) => all.slice(-1500)).join('\n---\n')).toEqual(
    new Set([0, 4]),
  );
  const refused = both.find(({ code }) => code === 4)?.all ?? '';
  expect(refused).toMatch(/locked by \S+@\S+/);
  expect(refused).toMatch(/process \d+ on \S+, since \d{4}-/);
  expect(refused).toMatch(/runbook unlock [0-9a-f]{8}/);
  for (const name of ['cp-1', 'cp-2', 'cp-3']) expect(await applies(lab, name)).toEqual([0]);
});

test('with the state folder lost after kill -9, resume -i rebuilds the run from the nodes and finishes it, nothing twice', async () => {
  const lab = await smallLab();
  const lost = folder();
  const { running } = await inTheMiddle(lab, lost);
  running.kill('SIGKILL');
  await running;
  await rm(lost, { recursive: true });
  const state = folder();

  const blocked = await runbook(upgrade(lab, state));
  expect(blocked.code, blocked.all).toBe(1);
  expect(blocked.all).toMatch(/runbook resume \S+ -i /);

  const resumed = await runbook(['resume', '-i', lab.inventory, '--state-dir', state, '--yes']);
  expect(resumed.code, resumed.all.slice(-3000)).toBe(0);
  expect(resumed.all).toMatch(/taking over the lock .*is gone/);
  expect(resumed.all).toMatch(/rebuilt run \S+ from cp-1, cp-2, cp-3; \d+ attempts? found on the nodes/);
  for (const name of ['cp-1', 'cp-2', 'cp-3']) expect(await applies(lab, name)).toEqual([0]);
  const run = /rebuilt run (\S+)/.exec(resumed.all)?.[1] ?? '';
  const logs = await runbook(['logs', run, 'cp-1', '--state-dir', state]);
  expect(logs.stdout.match(/SUCCESS! A control plane/g)).toHaveLength(1);

  const again = await runbook(['resume', '-i', lab.inventory, '--state-dir', folder(), '--yes']);
  expect(again).toMatchObject({ code: 0, all: expect.stringContaining('nothing to resume') });
  const named = await runbook(['resume', run, '-i', lab.inventory, '--state-dir', folder(), '--yes']);
  expect(named).toMatchObject({ code: 0, all: expect.stringContaining('is done') });
});

test('unlock frees a lock only by its own id; a state folder that was overtaken learns so from the nodes', async () => {
  const lab = await smallLab();
  const first = folder();
  const { running } = await inTheMiddle(lab, first);
  const elsewhere = folder();
  const words = ['-i', lab.inventory, '--state-dir', elsewhere];
  const refused = await runbook(['unlock', '00000000', ...words]);
  expect(refused.code, refused.all).toBe(4);
  const id = /lock ([0-9a-f]{8}): run/.exec(refused.all)?.[1] ?? '';
  running.kill('SIGKILL');
  await running;
  const freed = await runbook(['unlock', id, ...words]);
  expect(freed).toMatchObject({ code: 0, all: expect.stringMatching(/released lock \w+ on cp-1, cp-2, cp-3/) });
  expect((await runbook(['unlock', id, ...words])).code).toBe(2);
  expect((await runbook(['resume', ...words, '--yes'])).code).toBe(0);

  const late = await runbook(['resume', '--state-dir', first, '--yes']);
  expect(late.code, late.all).toBe(0);
  expect(late.all).toMatch(/rebuilt run[^]*nothing to resume: run \S+ is done/);
  for (const name of ['cp-1', 'cp-2', 'cp-3']) expect(await applies(lab, name)).toEqual([0]);
});

test('a run whose lock is taken away, which takes force, leaves its step running and starts nothing new', async () => {
  const lab = await smallLab();
  const { running } = await inTheMiddle(lab, folder(), 40);
  const words = ['-i', lab.inventory, '--state-dir', folder()];
  const id = /lock ([0-9a-f]{8}): run/.exec((await runbook(['unlock', '00000000', ...words])).all)?.[1] ?? '';
  const refused = await runbook(['unlock', id, ...words]);
  expect(refused.code, refused.all).toBe(4);
  expect(refused.all).toMatch(/is still at work under lock \S+ process \d+ on this host runs[^]*--force REASON/);
  expect((await runbook(['unlock', id, ...words, '--force', ' '])).code).toBe(2);
  const forced = await runbook(['unlock', id, ...words, '--force', 'the wrong cluster']);
  expect(forced.code, forced.all).toBe(0);
  const ended = await running;
  expect(ended.exitCode, ended.all).toBe(4);
  expect(ended.all).toMatch(/no longer holds its lock: it was released by \S+@\S+: the wrong cluster/);
  expect(await applies(lab, 'cp-1'), 'it noticed while the step ran, and left it running').toEqual([null]);
  await until(async () => (await applies(lab, 'cp-1'))[0] === 0, { interval: 500 });
  expect(await applies(lab, 'cp-2')).toEqual([]);
});
