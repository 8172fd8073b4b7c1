import type { NodeCondition } from '../cluster.ts';

/** What the node lifecycle controller puts on a node that is not Ready, so that no pod comes to it. */
export function conditionTaints(seen: NodeCondition, timeAdded: string): object[] {
  if (seen.status === 'True') return [];
  const key = `node.kubernetes.io/${seen.status === 'False' ? 'not-ready' : 'unreachable'}`;
  return ['NoSchedule', 'NoExecute'].map((effect) => ({ effect, key, timeAdded }));
}
