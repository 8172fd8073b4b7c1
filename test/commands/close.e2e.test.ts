import { expect, test } from 'vitest';
import { folder, labUp, runbook } from './cli.ts';

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
  expect(elsewhere.all).toContain('is over');
  expect((await runbook(['runs', '--state-dir', state])).stdout).toMatch(/ closed /);
  const anew = await runbook(['apply', 'upgrade-1.32.yaml', ...common, '--yes']);
  expect(anew.code, anew.all.slice(-2000)).toBe(0);
}, 240_000);
