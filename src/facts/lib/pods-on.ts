import type { ClusterFacts } from '../facts.ts';
import type { PodFact } from '../pods.ts';
import { changedSince } from './changed-since.ts';
import { groupBy } from './group-by.ts';
import { carried, everySame } from './once.ts';

type Index = ReadonlyMap<string, readonly PodFact[]>;

/** By Node object; one without pods is left out. */
export const podsByNode = index((pod) => pod.node);

/** By the Node object on which they are or from which a drain took them; `''`: those that are on none yet. */
export const podsByHome = index((pod) => pod.node ?? pod.drainedFrom ?? '');

/** The pods of a Node object. Undefined where pods were not asked for. */
export function podsOn(cluster: ClusterFacts | undefined, nodeObjectName: string): readonly PodFact[] | undefined {
  return cluster?.pods && (podsByNode(cluster.pods).get(nodeObjectName) ?? []);
}

/** The lists of nodes whose pods stay as they are stay the same objects. */
function index(keyOf: (pod: PodFact) => string | undefined): (pods: readonly PodFact[]) => Index {
  const found = carried(
    (pods: readonly PodFact[]): { readonly pods: readonly PodFact[]; readonly by: Index } => ({
      pods,
      by: groupBy(pods, keyOf),
    }),
    (last, pods) => {
      const changed = changedSince(last.pods, pods);
      if (!changed) return { pods, by: withGroupsOf(last.by, groupBy(pods, keyOf)) };
      const now = new Map(changed.map((at) => [last.pods[Number(at)], pods[Number(at)]]));
      // Where one comes to a node, its place among the others has to be found.
      for (const [before, after] of now) if (after && before && !stays(keyOf(before), keyOf(after))) return undefined;
      const by = new Map(last.by);
      for (const key of new Set([...now.keys()].map((pod) => pod && keyOf(pod)))) {
        const group = key === undefined ? undefined : last.by.get(key);
        if (key === undefined || !group) continue;
        const left = group.map((pod) => now.get(pod) ?? pod).filter((pod) => keyOf(pod) === key);
        if (left.length > 0) by.set(key, left);
        else by.delete(key);
      }
      return { pods, by };
    },
  );
  return (pods) => found(pods).by;
}

/** The same groups; those that are as they were are the same objects. */
function withGroupsOf(before: Index, now: Index): Index {
  const kept = ([key, group]: readonly [string, readonly PodFact[]]) => {
    const own = before.get(key);
    return [key, own && everySame(own, group) ? own : group] as const;
  };
  return new Map([...now].map(kept));
}

function stays(before: string | undefined, after: string | undefined): boolean {
  return after === undefined || after === before;
}
