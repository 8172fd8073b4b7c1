import { expect, it } from 'vitest';
import type { ClusterFactId, NodeFactId } from '../../src/facts/facts.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { fakeLab } from './rig.ts';

const options = { kubeconfig: '/etc/kubernetes/admin.conf', minors: ['1.32', '1.40'] };

it('answers the readers of node facts as a real node does', async () => {
  const { run } = await fakeLab();
  const ids: NodeFactId[] = ['os', 'machine', 'packages', 'repository', 'offered', 'binaries', 'staticPods', 'kubelet'];
  const facts = await readNodeFacts((script) => run('cp-1', script), ids, options);
  expect(facts).toMatchObject({
    os: { id: 'debian', packageManager: 'apt' },
    machine: { hostname: 'cp-1' },
    packages: {
      held: ['kubeadm', 'kubectl', 'kubelet'],
      installed: { kubeadm: { revision: '1.31.9-1.1', status: 'hi' } },
    },
    repository: { sources: [{ minor: '1.31', signedBy: '/etc/apt/keyrings/kubernetes-apt-keyring.gpg' }] },
    binaries: { kubeadm: '1.31.9', kubelet: '1.31.9', kubectl: '1.31.9' },
    staticPods: { apiServerEndpoint: '10.10.0.11:6443' },
    kubelet: { active: true, healthy: true, nodeName: 'cp-1' },
  });
  expect(facts.offered?.['1.32']?.revisions['kubeadm']).toContain('1.32.9-1.1');
  expect(facts.offered?.['1.40']?.error).toContain('404');
});

it('answers the readers of cluster facts, and each machine is its Node object', async () => {
  const { run } = await fakeLab();
  const ids: ClusterFactId[] = ['nodes', 'apiServers', 'pods', 'pdbs', 'kubeadmConfig', 'kubeProxy', 'leases'];
  const cluster = await readClusterFacts((script) => run('cp-2', script), ids, options);
  expect(cluster.nodes?.map((node) => [node.name, node.ready, node.kubeletVersion])).toContainEqual([
    'worker-2',
    true,
    '1.31.9',
  ]);
  expect(cluster.apiServers).toContainEqual({
    node: 'cp-3',
    endpoint: '10.10.0.13:6443',
    version: '1.31.9',
    ready: true,
  });
  expect(cluster.pods?.filter((pod) => pod.mirror)).toHaveLength(12);
  expect(cluster.pdbs?.[0]).toMatchObject({ name: 'web', disruptionsAllowed: 1 });
  expect([cluster.kubeadmConfig?.kubernetesVersion, cluster.kubeProxy?.version, cluster.leases?.length]).toEqual([
    '1.31.9',
    '1.31.9',
    5,
  ]);
  const { machine } = await readNodeFacts((script) => run('worker-1', script), ['machine'], options);
  expect(cluster.nodes?.find((node) => node.name === 'worker-1')?.machineId).toBe(machine?.machineId);
});
