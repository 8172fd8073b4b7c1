import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { folder, labUp, runbook, startRunbook } from './cli.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: out
phases:
  - name: Out
    nodes: worker-1
    steps:
      - { name: Look, run: echo looked }
      - uses: cordon
      - { name: Wait, run: sleep 6000, timeout: 2h }
`;

const schema = z.object({
  run: z.string(),
  state: z.string(),
  about: z.array(z.string()),
  cordoned: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
  next: z.array(z.string()),
  lock: z.object({ pid: z.number(), life: z.string() }).nullable(),
  steps: z.array(z.object({ step: z.string(), outcome: z.string() })),
});

test('status shows a run as it is: at work, dead with a step left running, and what its nodes show now', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1');
  const dir = folder();
  const state = join(dir, 'state');
  const file = join(dir, 'out.yaml');
  writeFileSync(file, RUNBOOK);
  const status = async (...args: string[]) =>
    schema.parse(JSON.parse((await runbook(['status', '--state-dir', state, '--output', 'json', ...args])).stdout));

  const applying = startRunbook(['apply', file, '-i', lab.inventory, '--state-dir', state, '--yes']);
  const working = await vi.waitFor(
    async () => {
      const now = await status();
      expect(now.steps.at(-1)?.outcome).toBe('running');
      expect(now.cordoned).toEqual(['worker-1']);
      return now;
    },
    { timeout: 120_000, interval: 500 },
  );
  expect(working).toMatchObject({ state: 'running', next: [], lock: { pid: applying.pid, life: 'alive' } });
  expect(working.about[0]).toContain(`process ${applying.pid}`);

  applying.kill('SIGKILL');
  await applying;
  const dead = await status();
  expect(dead).toMatchObject({
    state: 'died',
    lock: { life: 'gone' },
    next: [`runbook resume ${dead.run} --state-dir ${state}`],
  });
  expect(dead.about.join('\n')).toMatch(/process \d+ .* is gone; its last record is of \d{4}-/);
  expect(dead.about.join('\n')).toContain('left running: worker-1/1.3-wait on worker-1');
  expect((await runbook(['runs', '--state-dir', state])).stdout).toMatch(/ died /);

  const live = await status('--live');
  expect(live.about.join('\n')).toContain('runs on worker-1: 1.3-wait');
  expect(live.about.join('\n')).toMatch(/lock \w+ on cp-1: run \S+ .*; its process is gone/);
  const nodes = await lab.nodes();
  expect(live.cordoned).toEqual(nodes.filter(({ unschedulable }) => unschedulable).map(({ name }) => name));
  for (const { name, packages } of nodes) {
    if (name in live.versions)
      expect(live.versions[name]).toContain(`kubeadm ${packages['kubeadm']?.replace(/-.*/, '')}`);
  }
  expect(Object.keys(live.versions)).toContain('worker-1');

  const shown = await runbook(['status', '--state-dir', state]);
  expect(shown.stdout).toMatch(/^out on lab: died$/m);
  expect(shown.stdout).toMatch(/^ {2}worker-1 .*cordoned$/m);
  // Without an id: the latest run, and of it one node.
  expect((await runbook(['logs', '--state-dir', state, 'worker-1', '1.1'])).stdout).toBe('looked');
  expect((await runbook(['logs', '--state-dir', state, 'no-such'])).all).toContain('no run no-such');
});
