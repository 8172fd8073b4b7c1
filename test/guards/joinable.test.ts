import { describe } from 'vitest';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { testCases, type GuardCase } from './cases.ts';
import { sketch, stepOn } from './cluster.ts';

const bare = sketch({ apiServers: { cp1: '1.31.9' }, kubelets: { cp1: '1.31.9', w1: '1.31.9' } });
const ready: NodeFacts = {
  machine: { hostname: 'w9', machineId: 'nine', bootId: 'b', addresses: [] },
  binaries: { kubeadm: '1.31.4', kubelet: '1.31.9' },
  kubelet: { active: false, healthy: false },
  kernel: { swaps: [], sockets: ['/run/containerd/containerd.sock'] },
};

/** A machine beside the cluster. */
function beside(change: NodeFacts): Facts {
  return {
    nodes: { ...bare.nodes, w9: { ...ready, ...change } },
    cluster: { ...bare.cluster, kubeadmConfig: { kubernetesVersion: '1.31.9' } },
  };
}

const step = stepOn('w9', 'join-node');
const cases: readonly GuardCase[] = [
  { title: 'a machine with the packages and a runtime may join', facts: beside({}), step, finds: [] },
  { title: 'what is a node already is not asked', facts: beside({}), step: stepOn('w1', 'join-node'), finds: [] },
  {
    title: 'a machine of a cluster may not',
    facts: beside({ kubelet: { server: 'https://other:6443', active: true, healthy: true } }),
    step,
    finds: [['refuse', 'its kubelet.conf names https://other:6443']],
    node: 'w9',
  },
  {
    title: 'one without the programs may not',
    facts: beside({ binaries: {} }),
    step,
    finds: [['refuse', 'kubeadm and kubelet are not installed']],
    node: 'w9',
  },
  {
    title: 'one whose kubeadm is of another minor may not',
    facts: beside({ binaries: { kubeadm: '1.32.9', kubelet: '1.31.9' } }),
    step,
    finds: [['refuse', 'its kubeadm is 1.32.9, the cluster is at 1.31.9']],
    node: 'w9',
  },
  {
    title: 'one without a container runtime may not',
    facts: beside({ kernel: { swaps: [], sockets: [] } }),
    step,
    finds: [['refuse', 'no container runtime']],
    node: 'w9',
  },
  {
    title: 'what nothing is known of is not held against it',
    facts: { ...bare, nodes: { ...bare.nodes, w9: {} } },
    step,
    finds: [],
  },
];

describe('joinable', () => testCases('joinable', cases));
