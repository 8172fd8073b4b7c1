import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { type Lab, labUp, runbook } from './in-process.ts';

/** Runs a command line on the first control plane. */
async function onControlPlane(lab: Lab, line: string): Promise<string> {
  const file = join(folder(), 'one.yaml');
  const step = `{ run: ${JSON.stringify(line)} }`;
  const text = `apiVersion: runbook/v1\nkind: Runbook\nname: one\nphases: [{ name: One, nodes: "control-plane[0]", steps: [${step}] }]\n`;
  writeFileSync(file, text);
  const { code, all } = await runbook(['apply', file, '-i', lab.inventory, '--state-dir', folder(), '--yes']);
  expect(code, all).toBe(0);
  return all;
}

const NAMESPACES = 'kubectl --kubeconfig /etc/kubernetes/admin.conf get namespaces';

/** A backup of a lab that has a namespace of its own, which is then deleted. */
async function backedUp(controlPlanes: number) {
  const lab = await labUp({ controlPlanes, workers: 1, problems: ['tenant-etcd@cp-1'] });
  await onControlPlane(lab, 'kubectl --kubeconfig /etc/kubernetes/admin.conf create namespace before-it');
  const dest = join(folder(), 'backups');
  const args = ['-i', lab.inventory, '--state-dir', folder(), '--yes'];
  const saved = await runbook(['apply', 'backup.yaml', '--set', `dest=${dest}`, ...args]);
  expect(saved.code, saved.all.slice(-3000)).toBe(0);
  const snapshot = join(dest, readdirSync(dest).find((name) => name.endsWith('.db')) ?? 'none');
  await onControlPlane(lab, 'kubectl --kubeconfig /etc/kubernetes/admin.conf delete namespace before-it');
  expect(await onControlPlane(lab, NAMESPACES)).not.toContain('before-it  ');
  return { lab, snapshot, dest, args };
}

test.each([1, 3])('a backup brings back what was deleted since, on %d members', async (members) => {
  const { lab, snapshot, dest, args } = await backedUp(members);
  for (const name of readdirSync(dest)) expect(statSync(join(dest, name)).mode & 0o777, name).toBe(0o600);
  const restore = ['apply', 'etcd-restore.yaml', '--set', `snapshot=${snapshot}`, ...args];
  const asked = await runbook(restore);
  expect(asked.code, asked.all).toBe(2);
  expect(asked.all).toContain('--approve');
  const restored = await runbook([...restore, '--approve', 'approve']);
  expect(restored.code, restored.all.slice(-3000)).toBe(0);
  expect(await onControlPlane(lab, NAMESPACES)).toMatch(/before-it +Active/);
  expect(await onControlPlane(lab, 'pidof etcd')).toMatch(/90001 \d+/);
  for (const node of await lab.nodes()) expect(node.ready, node.name).toBe(true);
});

test('a snapshot that was damaged is refused before anything is stopped', async () => {
  const { lab, snapshot, args } = await backedUp(1);
  await appendFile(snapshot, 'x');
  const refused = await runbook([
    'apply',
    'etcd-restore.yaml',
    '--set',
    `snapshot=${snapshot}`,
    ...args,
    '--approve',
    'approve',
  ]);
  expect([1, 2, 3], refused.all.slice(-3000)).toContain(refused.code);
  expect(refused.all).toMatch(/sha256/);
  expect(Object.keys((await lab.node('cp-1')).staticPods)).toContain('etcd');
  expect(await onControlPlane(lab, NAMESPACES)).toMatch(/default +Active/);
});
