import { expect, it } from 'vitest';
import { actionNamed } from './cluster.ts';
import { guardNode } from '../guards/cluster.ts';

const commands = (action: string, version: string) =>
  actionNamed(action).script?.({
    node: guardNode('cp1'),
    nodes: [],
    facts: { nodes: {} },
    settings: { kubeconfig: '/etc/kubernetes/admin.conf' },
    run: 'r',
    with: { version },
  }).commands;

it.each([
  ['kubeadm-upgrade-apply', '1.34.0-rc.1', 'kubeadm upgrade apply -y v1.34.0-rc.1 --allow-release-candidate-upgrades'],
  ['kubeadm-upgrade-apply', '1.34.0-beta.0', 'kubeadm upgrade apply -y v1.34.0-beta.0 --allow-experimental-upgrades'],
  ['kubeadm-upgrade-plan', '1.34.0-rc.1', 'kubeadm upgrade plan v1.34.0-rc.1 --allow-release-candidate-upgrades'],
  ['kubeadm-upgrade-plan', '1.34.0', 'kubeadm upgrade plan v1.34.0'],
])('%s to %s is asked of kubeadm by the flag that it wants', (action, version, command) => {
  expect(commands(action, version)).toEqual([command]);
});
