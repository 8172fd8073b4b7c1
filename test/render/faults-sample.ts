import type { Fault, Faults } from '../../src/render/faults-data.ts';

export const FAULT: Fault = {
  name: 'power-in-kubeadm',
  what: 'the power of cp-1 is cut between two manifests of its API server',
  node: 'cp-1',
  at: { node: 'cp-1', step: '3.4-kubeadm-upgrade-apply' },
  outcome: 'refused',
  reason: '/etc/kubernetes/manifests/kube-apiserver.yaml is missing',
  state: {
    cordoned: ['worker-1'],
    notReady: ['cp-1'],
    kubelets: { '1.31.9': ['cp-1', 'cp-2', 'cp-3', 'worker-1'] },
    apiServers: { '1.31.9': ['cp-2', 'cp-3'] },
  },
  serves: {
    api: { answers: ['cp-2', 'cp-3'], of: 3 },
    etcd: { answers: ['cp-1'], of: 3, quorum: false },
    short: [{ budget: 'demo/web', healthy: 1, wanted: 2 }],
  },
  first: 'put the manifest back on cp-1',
  commands: ['runbook resume'],
  ends: 'done',
  takes: 60_000,
};
export const FAULTS: Faults = { version: 1, seed: 7, rows: [FAULT], without: ['image-not-pulled'] };
