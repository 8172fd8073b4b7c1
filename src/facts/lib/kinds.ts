import type { ClusterFactId, FactId, NodeFactId } from '../facts.ts';
import { nodeFacts } from '../registry.ts';

/** Facts of one machine; all others are read through kubectl. */
export function isNodeFact(id: FactId): id is NodeFactId {
  return Object.hasOwn(nodeFacts, id);
}

export function isClusterFact(id: FactId): id is ClusterFactId {
  return !isNodeFact(id);
}
