import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

test('an upgrade with a folder for it takes a snapshot of etcd before it changes anything, and none the second time', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 0 });
  const backup = join(folder(), 'kept');
  const args = ['upgrade-1.32.yaml', '-i', lab.inventory, '--state-dir', folder(), '--set', `backup=${backup}`];
  const planned = await runbook(['plan', ...args]);
  expect(planned.stdout).toContain('etcdctl snapshot save');
  const applied = await runbook(['apply', ...args, '--yes']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  const kept = readdirSync(backup).toSorted();
  expect(kept).toEqual([expect.stringMatching(/^etcd-lab-.*\.db$/), expect.stringMatching(/^etcd-lab-.*\.db\.json$/)]);
  for (const name of kept) expect(statSync(join(backup, name)).mode & 0o777, name).toBe(0o600);

  const commands = (await lab.node('cp-1')).commands.map((command) => command.line);
  const saved = commands.findIndex((line) => /etcdctl .*snapshot save/.test(line));
  expect(saved).toBeGreaterThanOrEqual(0);
  expect(saved).toBeLessThan(commands.findIndex((line) => /^kubeadm upgrade apply\b(?!.*--dry-run)/.test(line)));

  const again = await runbook(['plan', ...args, '--detailed-exitcode']);
  expect(again.code, again.all).toBe(0);
  expect(again.stdout).toContain('the API server of cp-1 is at 1.32.9 already');
}, 240_000);

test('an upgrade without one takes none', async () => {
  const lab = await labUp({ controlPlanes: 1, workers: 0 });
  const planned = await runbook(['plan', 'upgrade-1.32.yaml', '-i', lab.inventory]);
  expect(planned.code, planned.all).toBe(0);
  expect(planned.all).not.toContain('snapshot');
});
