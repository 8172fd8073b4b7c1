import { selects, type ApiNode, type Cluster, type Pod } from './cluster.ts';
import { allocatable, smallRequests, type Budget, type Requests } from './workloads.ts';

export function coversPod(budget: Budget, pod: Pod): boolean {
  return budget.namespace === pod.namespace && selects(budget.selector, pod.labels);
}

/** What the eviction API says before it deletes a pod (registry/core/pod/storage/eviction.go): 201, 429 or 500. */
export function permit(cluster: Cluster, pod: Pod): 'accepted' | 'blocked' | 'several' {
  if (pod.deletedAt !== undefined) return 'accepted';
  const budgets = cluster.budgets.filter((budget) => coversPod(budget, pod));
  if (budgets.length > 1) return 'several';
  const [budget] = budgets;
  if (!budget) return 'accepted';
  if (cluster.isReady(pod) && cluster.budgetStatus(budget).allowed < 1) return 'blocked';
  if (budget.late) allowNone(budget);
  return 'accepted';
}

/** As an operator does it: `kubectl patch pdb NAME -p '{"spec":{"maxUnavailable":0}}'`. */
export function allowNone(budget: Budget): void {
  delete budget.minAvailable;
  budget.maxUnavailable = 0;
  budget.generation = (budget.generation ?? 1) + 1;
}

export function requestsOf(pod: Pod): Requests {
  return pod.workload?.requests ?? smallRequests;
}

/** By requests, as the scheduler counts; what the control plane's own pods ask for is left out. */
export function hasRoom(cluster: Cluster, node: ApiNode, pod: Pod): boolean {
  const wanted = requestsOf(pod);
  const there = cluster.pods
    .filter((other) => other.node === node.name && other.deletedAt === undefined)
    .map(requestsOf);
  const sum = (name: keyof Requests) => there.reduce((total, one) => total + one[name], wanted[name]);
  return sum('cpu') <= allocatable.cpu && sum('memory') <= allocatable.memory;
}
