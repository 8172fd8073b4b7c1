import { describe, expect, it } from 'vitest';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { KubeletSetupFact } from '../../src/facts/kubelet-setup.ts';
import { isKnownBad } from '../../src/guards/known-bad.ts';
import { type GuardCase, testCases } from './cases.ts';
import { pod, sketch, stepOn } from './cluster.ts';

/** A cluster at one release whose nodes have the kubeadm of another. */
function going(from: string, to: string, w1: Partial<NodeFacts> = {}, cluster: Facts['cluster'] = {}): Facts {
  const facts = sketch({
    apiServers: { cp1: from },
    kubelets: { cp1: from, w1: from },
    clusterVersion: from,
    kubeadm: { cp1: to, w1: to },
  });
  const nodes = { ...facts.nodes, w1: { ...facts.nodes['w1'], ...w1 } };
  return { nodes, cluster: { ...facts.cluster, ...cluster } };
}
const apply = (version: string, more: object = {}) => stepOn('cp1', 'kubeadm-upgrade-apply', { version, ...more });
const node = (version: string) => stepOn('w1', 'kubeadm-upgrade-node', { version });
const proxy = (version?: string) => ({
  kubeProxy: { desired: 1, updated: 1, available: 1, ...(version !== undefined && { version }) },
});
const flags = (...names: readonly string[]): { kubeletSetup: KubeletSetupFact } => ({
  kubeletSetup: {
    flags: names.map((name) => ({ file: '/var/lib/kubelet/kubeadm-flags.env', name })),
    shadowing: [],
    ownUnits: [],
  },
});
const host = (hostname: string) => ({ machine: { hostname, machineId: 'id-w1', bootId: 'b', addresses: [] } });
const namespaces = (count: number) => ({
  pods: Array.from({ length: count }, (_, index) => pod(`p-${index}`, 'w1', { namespace: `n-${index}` })),
});

const cases: readonly GuardCase[] = [
  { title: 'a release that no one complains of', facts: going('1.31.9', '1.32.9'), step: apply('1.32.9'), finds: [] },
  {
    title: 'etcd after kubeadm 1.28.0',
    facts: going('1.28.0', '1.28.11'),
    step: apply('1.28.11'),
    finds: [['warn', 'kubeadm 1.28.11 is known to be bad here: etcd']],
    node: 'cp1',
  },
  { title: 'left alone', facts: going('1.28.0', '1.28.11'), step: apply('1.28.11', { etcdUpgrade: false }), finds: [] },
  { title: 'no longer after 1.28.3', facts: going('1.28.3', '1.28.11'), step: apply('1.28.11'), finds: [] },
  { title: 'nor on a worker', facts: going('1.28.0', '1.28.11'), step: node('1.28.11'), finds: [] },
  { title: '1.30.0', facts: going('1.29.4', '1.30.0'), step: apply('1.30.0'), finds: [['refuse', 'default kubelet']] },
  {
    title: '1.30.0 on a worker',
    facts: going('1.30.0', '1.30.0'),
    step: node('1.30.0'),
    finds: [['refuse', '1.30.0']],
  },
  {
    title: '1.32.0 without kube-proxy',
    facts: going('1.31.9', '1.32.0', {}, proxy()),
    step: apply('1.32.0'),
    finds: [['refuse', 'it deploys kube-proxy']],
  },
  { title: '1.32.0 with it', facts: going('1.31.9', '1.32.0', {}, proxy('1.31.9')), step: apply('1.32.0'), finds: [] },
  { title: '1.32.1', facts: going('1.31.9', '1.32.1', {}, proxy()), step: apply('1.32.1'), finds: [] },
  {
    title: '1.34.1 on a host with another name than its Node',
    facts: going('1.34.1', '1.34.1', host('short')),
    step: node('1.34.1'),
    finds: [['refuse', 'looks for a Node of the name of the host']],
    node: 'w1',
  },
  { title: 'by the same name', facts: going('1.34.1', '1.34.1', host('W1')), step: node('1.34.1'), finds: [] },
  { title: '1.34.2 there', facts: going('1.34.1', '1.34.2', host('short')), step: node('1.34.2'), finds: [] },
  {
    title: '1.35.0 where kubeadm-flags.env is empty',
    facts: going('1.34.3', '1.35.0', flags()),
    step: node('1.35.0'),
    finds: [['refuse', 'no flags found in file']],
  },
  { title: 'where it has a flag', facts: going('1.34.3', '1.35.0', flags('v')), step: node('1.35.0'), finds: [] },
  {
    title: 'many namespaces',
    facts: going('1.32.9', '1.33.4', {}, namespaces(1200)),
    step: apply('1.33.4'),
    finds: [['warn', 'many namespaces']],
  },
  { title: 'some', facts: going('1.32.9', '1.33.4', {}, namespaces(100)), step: apply('1.33.4'), finds: [] },
  { title: 'other steps', facts: going('1.29.4', '1.30.0'), step: stepOn('w1', 'drain'), finds: [] },
];

describe('known-bad', () => testCases('known-bad', cases));

it('tells which release a hop had better not take, on any node', () => {
  expect(isKnownBad('1.34.1', going('1.33.4', '1.33.4', host('short')))).toBe(true);
  expect(isKnownBad('1.34.1', going('1.33.4', '1.33.4'))).toBe(false);
  expect(isKnownBad('1.30.0', going('1.29.4', '1.29.4'))).toBe(true);
});
