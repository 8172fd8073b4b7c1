import type { ClusterFacts } from '../facts.ts';
import type { PodFact } from '../pods.ts';
import { groupBy } from './group-by.ts';
import { once } from './once.ts';

const byNode = once((pods: readonly PodFact[]) => groupBy(pods, (pod) => pod.node));

/** The pods of a Node object. Undefined where pods were not asked for. */
export function podsOn(cluster: ClusterFacts | undefined, nodeObjectName: string): readonly PodFact[] | undefined {
  return cluster?.pods && (byNode(cluster.pods).get(nodeObjectName) ?? []);
}
