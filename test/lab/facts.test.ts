import { expect, it } from 'vitest';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import type { ClusterFactId, NodeFactId } from '../../src/facts/facts.ts';
import { fakeLab } from './rig.ts';

const nodeIds: NodeFactId[] = [
  'os',
  'machine',
  'packages',
  'repository',
  'offered',
  'binaries',
  'staticPods',
  'kubelet',
];
const clusterIds: ClusterFactId[] = ['nodes', 'apiServers', 'pods', 'pdbs', 'kubeadmConfig', 'kubeProxy', 'leases'];
const options = { kubeconfig: '/etc/kubernetes/admin.conf', minors: ['1.31', '1.32', '1.40'] };

it('answers the fact readers as a real node does', async () => {
  const { run, lab } = await fakeLab();
  const facts = await readNodeFacts((script) => run('cp-1', script), nodeIds, options);
  console.log(JSON.stringify(facts, null, 1));
  const cluster = await readClusterFacts((script) => run('cp-1', script), clusterIds, options);
  console.log(JSON.stringify(cluster).slice(0, 6000));
  expect(lab).toBeDefined();
});
