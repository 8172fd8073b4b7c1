import type { Facts, PodFact } from './facts.ts';
import { selects } from './pdbs.ts';

/** A workload of several replicas, all of which run on one node. */
export interface Together {
  /** `demo/ReplicaSet web-67bbc55f` */
  readonly workload: string;
  readonly pods: readonly PodFact[];
}

/** Those of the given pods of a node that are all there is of their workload, with no PodDisruptionBudget that lets them go one by one. */
export function alone(facts: Facts, pods: readonly PodFact[]): readonly Together[] {
  const { pods: all = [], pdbs = [] } = facts.cluster ?? {};
  const groups = new Map<string, PodFact[]>();
  for (const pod of pods) {
    const workload = workloadOf(pod);
    if (workload !== undefined) groups.set(workload, [...(groups.get(workload) ?? []), pod]);
  }
  return [...groups]
    .map(([workload, members]) => ({ workload, pods: members }))
    .filter(({ workload, pods: members }) => {
      const replicas = all.filter((pod) => workloadOf(pod) === workload && !isOver(pod));
      const isCovered = members.every((pod) =>
        pdbs.some((pdb) => pdb.namespace === pod.namespace && selects(pdb.selector, pod.labels)),
      );
      return members.length > 1 && members.length === replicas.length && !isCovered;
    });
}

/** Their pods stand for one another; those of a Job do not. */
const REPLICATED = ['ReplicaSet', 'StatefulSet', 'ReplicationController'];

function workloadOf({ namespace, controller }: PodFact): string | undefined {
  return controller && REPLICATED.includes(controller.kind)
    ? `${namespace}/${controller.kind} ${controller.name}`
    : undefined;
}

function isOver({ deleting, phase }: PodFact): boolean {
  return deleting || phase === 'Succeeded' || phase === 'Failed';
}
