import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Guard } from './guard.ts';
import { nodesReady } from './nodes-ready.ts';

/** Before a node is taken out of service: a broken node may be drained, but not while another one is down. */
export const othersReady: Guard = {
  id: 'others-ready',
  title: 'No other node is down while one is taken out of service',
  source: '"Safely Drain a Node": the capacity of one node at a time',
  facts: nodesReady.facts,
  scope: 'step',
  ofSteps: true,
  check: (input) => {
    if (!input.step) return [];
    const own = nodeObjectFor(input.before, input.step.node.name);
    const cluster = input.before.cluster;
    if (!own || !cluster?.nodes) return [];
    const others = { ...cluster, nodes: cluster.nodes.filter((node) => node.name !== own.name) };
    return nodesReady
      .check({ ...input, before: { ...input.before, cluster: others } })
      .map((finding) => ({ ...finding, guard: othersReady.id, source: othersReady.source }));
  },
};
