import { covers } from './budgets.ts';
import { once } from './once.ts';
import type { Facts } from '../facts.ts';
import type { PodFact } from '../pods.ts';

/** A workload of several replicas, all of which run on one node. */
export interface Together {
  /** `demo/ReplicaSet web-67bbc55f` */
  readonly workload: string;
  readonly pods: readonly PodFact[];
}

/**
 * Those of a node's given pods that are all of their workload, without a PodDisruptionBudget that lets them leave
 * one by one.
 */
export function alone(facts: Facts, pods: readonly PodFact[]): readonly Together[] {
  const { pods: all = [], pdbs = [] } = facts.cluster ?? {};
  const groups = new Map<string, PodFact[]>();
  for (const pod of pods) {
    const workload = isOver(pod) ? undefined : workloadOf(pod);
    if (workload !== undefined) groups.set(workload, [...(groups.get(workload) ?? []), pod]);
  }
  return [...groups]
    .map(([workload, members]) => ({ workload, pods: members }))
    .filter(({ workload, pods: members }) => {
      if (members.length < 2 || members.length !== replicas(all).get(workload)) return false;
      return !members.every((pod) => pdbs.some((pdb) => covers(pdb, pod)));
    });
}

const replicas = once((pods: readonly PodFact[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const workload = isOver(pod) ? undefined : workloadOf(pod);
    if (workload !== undefined) counts.set(workload, (counts.get(workload) ?? 0) + 1);
  }
  return counts;
});

/** Their pods replace one another; those of a Job do not. */
const REPLICATED = ['ReplicaSet', 'StatefulSet', 'ReplicationController'];

function workloadOf({ namespace, controller }: PodFact): string | undefined {
  return controller && REPLICATED.includes(controller.kind)
    ? `${namespace}/${controller.kind} ${controller.name}`
    : undefined;
}

function isOver({ deleting, phase }: PodFact): boolean {
  return deleting || phase === 'Succeeded' || phase === 'Failed';
}
