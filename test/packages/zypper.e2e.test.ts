import { expect, test } from 'vitest';
import { folder, labUp, runbook } from '../commands/cli.ts';

test('upgrade.yaml takes an openSUSE worker along by zypper, and a second run changes nothing', async () => {
  const lab = await labUp('--control-planes', '1', '--workers', '2', '--zypper-nodes', 'worker-1');
  const common = ['upgrade.yaml', '-i', lab.inventory, '--set', 'version=1.32.9'];
  const planned = await runbook(['plan', ...common]);
  expect(planned.stdout).toContain('zypper --non-interactive install --allow-vendor-change kubeadm=1.32.9-150500.1.1');
  expect(planned.stdout).toContain('apt-get install -y kubeadm=1.32.9-1.1');
  const apply = () => runbook(['apply', ...common, '--state-dir', folder(), '--yes']);
  const first = await apply();
  expect(first.code, first.all.slice(-3000)).toBe(0);
  for (const node of await lab.nodes())
    expect(node).toMatchObject({
      ready: true,
      unschedulable: false,
      kubeletRunning: '1.32.9',
      repoMinor: '1.32',
      packages: { kubeadm: '1.32.9', kubelet: '1.32.9', kubectl: '1.32.9' },
      held: ['kubeadm', 'kubectl', 'kubelet'],
    });
  const ran = (await lab.node('worker-1')).commands
    .map(({ line }) => line)
    .filter((line) => /^(zypper|apt)/.test(line));
  expect(ran.filter((line) => /lock| install /.test(line))).toEqual([
    'zypper --non-interactive removelock kubeadm',
    'zypper --non-interactive install --allow-vendor-change kubeadm=1.32.9-150500.1.1',
    'zypper --non-interactive addlock kubeadm',
    'zypper --non-interactive removelock kubelet kubectl',
    'zypper --non-interactive install --allow-vendor-change kubelet=1.32.9-150500.1.1 kubectl=1.32.9-150500.1.1',
    'zypper --non-interactive addlock kubelet kubectl',
  ]);
  const second = await apply();
  expect(second.code, second.all.slice(-3000)).toBe(0);
  expect(second.all).not.toMatch(/[1-9]\d* changed/);
});
