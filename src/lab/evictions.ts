import { allocatable, smallRequests, type Budget, type Requests, type Workload } from './workloads.ts';

/** What is asked here of a pod of the lab. */
interface EvictablePod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly workload?: Workload;
  readonly node?: string;
  readonly deletedAt?: number;
}

interface Budgets<P> {
  readonly budgets: readonly Budget[];
  isReady(pod: P): boolean;
  budgetStatus(budget: Budget): { readonly allowed: number };
}

/** Whether labels are those that a selector names. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

export function coversPod(budget: Budget, pod: EvictablePod): boolean {
  return budget.namespace === pod.namespace && selects(budget.selector, pod.labels);
}

/** What the eviction API says before it deletes a pod (registry/core/pod/storage/eviction.go): 201, 429 or 500. */
export function permit<P extends EvictablePod>(cluster: Budgets<P>, pod: P): 'accepted' | 'blocked' | 'several' {
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

export function requestsOf(pod: Pick<EvictablePod, 'workload'>): Requests {
  return pod.workload?.requests ?? smallRequests;
}

/** By requests, as the scheduler counts; what the control plane's own pods ask for is left out. */
export function hasRoom(pods: readonly EvictablePod[], node: string, pod: EvictablePod): boolean {
  const wanted = requestsOf(pod);
  const there = pods.filter((other) => other.node === node && other.deletedAt === undefined).map(requestsOf);
  const sum = (name: keyof Requests) => there.reduce((total, one) => total + one[name], wanted[name]);
  return sum('cpu') <= allocatable.cpu && sum('memory') <= allocatable.memory;
}
