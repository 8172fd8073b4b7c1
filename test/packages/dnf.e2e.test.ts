import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder, labUp, runbook } from '../commands/cli.ts';

const RUNBOOK = `apiVersion: runbook/v1
kind: Runbook
name: packages
phases:
  - name: one
    nodes: all
    steps:
      - uses: package-repo
        with: { version: 1.32.9 }
      - uses: install-packages
        with: { packages: [kubeadm], version: 1.32.9 }
`;

test('a cluster of dnf nodes beside apt nodes: one runbook, and a second run changes nothing', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '1', '--dnf-nodes', 'worker-1');
  const dir = folder();
  writeFileSync(join(dir, 'packages.yaml'), RUNBOOK);
  const apply = () =>
    runbook(['apply', join(dir, 'packages.yaml'), '-i', lab.inventory, '--state-dir', join(dir, 'state'), '--yes']);
  const planned = await runbook(['plan', join(dir, 'packages.yaml'), '-i', lab.inventory]);
  expect(planned.stdout).toContain('dnf install -y --disableexcludes=kubernetes kubeadm-1.32.9-150500.1.1');
  expect(planned.stdout).toContain('apt-get install -y kubeadm=1.32.9-1.1');
  const first = await apply();
  expect(first.code, first.all).toBe(0);
  for (const node of await lab.nodes())
    expect(node).toMatchObject({
      repoMinor: '1.32',
      packages: { kubeadm: '1.32.9', kubelet: '1.31.9' },
      held: ['kubeadm', 'kubectl', 'kubelet'],
    });
  const ran = (await lab.node('worker-1')).commands.map(({ line }) => line).filter((line) => /^(dnf|apt)/.test(line));
  expect(ran.filter((line) => /versionlock (add|delete)| install /.test(line))).toEqual([
    'dnf -q --disablerepo=* versionlock delete kubeadm',
    'dnf -y --enablerepo=kubernetes --disableexcludes=kubernetes install kubeadm-1.32.9-150500.1.1',
    'dnf -q --disablerepo=* versionlock add kubeadm',
  ]);
  const second = await apply();
  expect(second.code, second.all).toBe(0);
  expect(second.all).toMatch(/4 unchanged/);
});
