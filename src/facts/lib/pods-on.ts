import type { ClusterFacts } from '../facts.ts';
import type { PodFact } from '../pods.ts';
import { groupBy } from './group-by.ts';
import { carried } from './once.ts';

interface PodsByNode {
  readonly pods: readonly PodFact[];
  readonly byNode: ReadonlyMap<string, readonly PodFact[]>;
}

/** The lists of nodes whose pods stay as they are stay the same objects. */
const grouped = carried(
  (pods: readonly PodFact[]): PodsByNode => ({ pods, byNode: groupBy(pods, (pod) => pod.node) }),
  (last, pods) => {
    if (pods.length !== last.pods.length) return undefined;
    const touched = new Set<string | undefined>();
    for (let at = 0; at < pods.length; at += 1) {
      if (pods[at] !== last.pods[at]) touched.add(pods[at]?.node).add(last.pods[at]?.node);
    }
    if (touched.size > 3) return undefined;
    const byNode = new Map(last.byNode);
    for (const node of touched) {
      if (node !== undefined)
        byNode.set(
          node,
          pods.filter((pod) => pod.node === node),
        );
    }
    return { pods, byNode };
  },
);

/** By Node object; one without pods is left out. */
export function podsByNode(pods: readonly PodFact[]): ReadonlyMap<string, readonly PodFact[]> {
  return grouped(pods).byNode;
}

/** The pods of a Node object. Undefined where pods were not asked for. */
export function podsOn(cluster: ClusterFacts | undefined, nodeObjectName: string): readonly PodFact[] | undefined {
  return cluster?.pods && (podsByNode(cluster.pods).get(nodeObjectName) ?? []);
}
