import type { PdbFact } from '../pdbs.ts';
import type { PodFact } from '../pods.ts';
import { selects } from '../pdbs.ts';

/** A budget that refuses evictions: now, or (`forEver`) even if all its pods are ready. */
export interface Refusal {
  readonly pdb: PdbFact;
  readonly pods: readonly PodFact[];
  readonly forEver: boolean;
  readonly why: string;
}

export function covers(pdb: PdbFact, pod: PodFact): boolean {
  return pdb.namespace === pod.namespace && selects(pdb.selector, pod.labels);
}

/** The budgets that would refuse the eviction of some of these pods. Source: registry/core/pod/storage/eviction.go. */
export function refusals(pods: readonly PodFact[], pdbs: readonly PdbFact[]): readonly Refusal[] {
  return pdbs.flatMap((pdb) => {
    const covered = pods.filter((pod) => needsPermission(pod) && covers(pdb, pod) && !mayGoUnready(pdb, pod));
    const why = covered.length === 0 ? undefined : (impossible(pdb) ?? notNow(pdb, covered));
    return why === undefined ? [] : [{ pdb, pods: covered, forEver: impossible(pdb) !== undefined, why }];
  });
}

/** Pods under more than one budget: the eviction API answers 500 for them. */
export function underSeveral(
  pods: readonly PodFact[],
  pdbs: readonly PdbFact[],
): readonly { readonly pod: PodFact; readonly pdbs: readonly PdbFact[] }[] {
  return pods
    .filter(needsPermission)
    .map((pod) => ({ pod, pdbs: pdbs.filter((pdb) => covers(pdb, pod)) }))
    .filter((one) => one.pdbs.length > 1);
}

/** The eviction API asks no budget for a pod that does not run yet or is going already (canIgnorePDB). */
function needsPermission(pod: PodFact): boolean {
  return pod.phase !== 'Pending' && !pod.deleting;
}

/** spec.unhealthyPodEvictionPolicy: AlwaysAllow, or IfHealthyBudget while enough others are healthy. */
function mayGoUnready(pdb: PdbFact, pod: PodFact): boolean {
  if (pod.ready) return false;
  return pdb.freesUnhealthy === true || (pdb.desiredHealthy > 0 && pdb.currentHealthy >= pdb.desiredHealthy);
}

/** By its spec, the number of its pods or its pods' owners it cannot allow a disruption even when all are ready. */
function impossible(pdb: PdbFact): string | undefined {
  if (pdb.syncFailed !== undefined) return `the disruption controller cannot compute it: ${pdb.syncFailed}`;
  if (pdb.maxUnavailable === '0' || pdb.maxUnavailable === '0%') return `maxUnavailable is ${pdb.maxUnavailable}`;
  if (pdb.minAvailable === '100%') return 'minAvailable is 100%';
  // The numbers in the status are those of an older spec, or none yet.
  if (pdb.observedGeneration < pdb.generation || pdb.expectedPods === 0) return undefined;
  if (pdb.desiredHealthy < pdb.expectedPods) return undefined;
  const limit =
    pdb.minAvailable === undefined ? `maxUnavailable ${pdb.maxUnavailable ?? '?'}` : `minAvailable ${pdb.minAvailable}`;
  return `${limit} wants ${pdb.desiredHealthy} of its ${pdb.expectedPods} pods`;
}

function notNow(pdb: PdbFact, pods: readonly PodFact[]): string | undefined {
  if (pdb.observedGeneration < pdb.generation) {
    return `was changed and not evaluated again yet (generation ${pdb.generation}, observed ${pdb.observedGeneration})`;
  }
  if (pdb.disruptionsAllowed > 0) return undefined;
  const unready = pods.some((pod) => !pod.ready) ? '; pods that are not ready wait for the others too' : '';
  return `allows no disruption now (${pdb.currentHealthy} healthy, ${pdb.desiredHealthy} needed, ${pdb.expectedPods} expected${unready})`;
}
