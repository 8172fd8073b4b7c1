import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { sketch, stepOn } from './cluster.ts';

export const healthy = sketch({
  apiServers: { cp1: '1.31.9', cp2: '1.31.9' },
  kubelets: { cp1: '1.31.9', cp2: '1.31.9', w1: '1.31.9', w2: '1.31.9' },
  clusterVersion: '1.31.9',
});
export const upgrade = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9' });
export const drain = stepOn('w1', 'drain');

export function withNode(name: string, change: NodeFacts): Facts {
  return { ...healthy, nodes: { ...healthy.nodes, [name]: { ...healthy.nodes[name], ...change } } };
}

export function withCluster(change: Facts['cluster']): Facts {
  return { ...healthy, cluster: { ...healthy.cluster, ...change } };
}
