import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './cli.ts';
import { labUp, runbook } from './in-process.ts';

test('renew-certificates leaves later ends on every control plane, restarts each component once, and touches no worker', async () => {
  const lab = await labUp({ problems: ['certificate-expiring@cp-2', 'tenant-etcd@cp-2'] });
  const args = ['-i', lab.inventory, '--state-dir', folder()];
  const warned = await runbook(['preflight', ...args]);
  expect(warned.stdout).toMatch(/(note|warning) +certificates +cp-2/);
  const applied = await runbook(['apply', 'renew-certificates.yaml', ...args, '--yes']);
  expect(applied.code, applied.all.slice(-3000)).toBe(0);
  for (const node of await lab.nodes()) {
    const renewals = node.commands.filter((command) => command.line === 'kubeadm certs renew all');
    expect(renewals, node.name).toHaveLength(node.role === 'control-plane' ? 1 : 0);
    expect(node.ready).toBe(true);
  }
  expect(applied.all.match(/kube-apiserver runs with its new certificates/g)).toHaveLength(3);
  const file = join(folder(), 'look.yaml');
  const look = 'phases: [{ name: Look, nodes: cp-2, steps: [{ run: pidof etcd }] }]';
  writeFileSync(file, `apiVersion: runbook/v1\nkind: Runbook\nname: look\n${look}\n`);
  const looked = await runbook(['apply', file, ...args, '--yes']);
  expect(looked.all, "the tenant's etcd is still there").toMatch(/90001 \d+/);
  const after = await runbook(['preflight', ...args]);
  expect(after.code, after.all).toBe(0);
  expect(after.stdout).toMatch(/holds +certificates/);
});

test('with an external CA no renewal is promised, and renew-certificates is refused before anything is restarted', async () => {
  const lab = await labUp({ workers: 1, problems: ['external-ca@cp-2'] });
  const args = ['-i', lab.inventory, '--state-dir', folder()];
  const warned = await runbook(['preflight', ...args]);
  expect(warned.stdout).toMatch(/warning +certificates +cp-2/);
  expect(warned.stdout).toContain('(external CA)');
  const refused = await runbook(['apply', 'renew-certificates.yaml', ...args, '--set', 'within=90', '--yes']);
  expect(refused.code, refused.all).toBe(3);
  expect(refused.all).toContain('cp-2 cannot renew admin.conf: /etc/kubernetes/pki/ca.key is not there');
  for (const node of await lab.nodes())
    expect(node.commands.map((one) => one.line)).not.toContain('kubeadm certs renew all');
});

test('with `within` only what ends soon is renewed, and a member of etcd that is down is refused before', async () => {
  const lab = await labUp({ workers: 1, problems: ['certificate-expiring@cp-2'] });
  const args = ['renew-certificates.yaml', '-i', lab.inventory, '--state-dir', folder(), '--set', 'within=90'];
  const planned = await runbook(['plan', ...args]);
  expect(planned.stdout.match(/change 1.1-renew-certificates/g)).toHaveLength(1);
  await lab.plant('etcd-member-down@cp-3');
  const refused = await runbook(['apply', ...args, '--yes']);
  expect(refused.code, refused.all).toBe(3);
  for (const node of await lab.nodes())
    expect(node.commands.map((one) => one.line)).not.toContain('kubeadm certs renew all');
});
