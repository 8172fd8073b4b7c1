import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LabOptions } from '../../src/lab/lab.ts';
import { folder } from './cli.ts';
import { runbook } from './in-process.ts';
import { openLab } from './open-lab.ts';

const STATUS =
  '"/proc/$(pidof etcd)/root/usr/local/bin/etcdctl" --endpoints=https://127.0.0.1:2379 endpoint status -w json';

/** Backs a lab up, lets it go on, restores it; tells the revision right before and after, and what was on the screen. */
async function restored(options: LabOptions) {
  const { inventory } = await openLab({ controlPlanes: 1, workers: 0, timeScale: 50, ...options });
  const args = ['-i', inventory, '--state-dir', folder(), '--yes'];
  const [dest, one] = [folder(), join(folder(), 'one.yaml')];
  const step = `{ run: ${JSON.stringify(STATUS)} }`;
  writeFileSync(
    one,
    `apiVersion: runbook/v1\nkind: Runbook\nname: one\nphases: [{ name: One, nodes: "control-plane[0]", steps: [${step}] }]\n`,
  );
  const revision = async () => {
    const { code, all } = await runbook(['apply', one, ...args]);
    expect(code, all).toBe(0);
    return Number(/"revision":(\d+)/.exec(all)?.[1]);
  };
  const saved = await runbook(['apply', 'backup.yaml', '--set', `dest=${dest}`, ...args]);
  expect(saved.code, saved.all).toBe(0);
  const snapshot = join(dest, readdirSync(dest).find((name) => name.endsWith('.db')) ?? 'none');
  const before = await revision();
  const { code, all } = await runbook([
    'apply',
    'etcd-restore.yaml',
    '--set',
    `snapshot=${snapshot}`,
    ...args,
    '--approve',
    'approve',
  ]);
  expect(code, all).toBe(0);
  return { saved: saved.all, before, after: await revision(), all };
}

test('after a restore the revision is far above the last one that anybody has seen', async () => {
  const { before, after, all } = await restored({});
  expect(before).toBeGreaterThan(1000);
  expect(after).toBeGreaterThan(before + 900_000_000);
  expect(all).toMatch(/its revision is 1\d{9}/);
  expect(all).not.toContain('ATTENTION');
});

test('etcdctl 3.4 restores too, and it is said that the revision could not be raised, and what to restart', async () => {
  const { saved, before, after, all } = await restored({ etcd: '3.4.13' });
  expect(saved).toMatch(/verified: by \S*etcdctl snapshot status/);
  expect(after).toBeLessThan(before + 900_000_000);
  expect(all).toContain(
    'ATTENTION: this etcdctl knows no --bump-revision: restart whatever watches the API afterwards',
  );
  expect(all).toContain('ATTENTION: the revision is that of the snapshot');
});
