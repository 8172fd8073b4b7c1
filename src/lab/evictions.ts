import { holds, type PodShape } from './pod-shape.ts';
import { allocatable, smallRequests, type Budget, type Requests, type Workload } from './workloads.ts';

/** What is asked here of a pod of the lab. */
interface EvictablePod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly workload?: Workload;
  readonly shape?: PodShape;
  readonly phase?: string;
  readonly node?: string;
  readonly deletedAt?: number;
}

interface Budgets<P> {
  readonly budgets: readonly Budget[];
  isReady(pod: P): boolean;
  budgetStatus(budget: Budget): { readonly allowed: number };
  changeBudget(budget: Budget, changed: Budget): void;
}

/** Whether labels are those that a selector names. */
export function selects(selector: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** Whether a budget's selector selects pods with these labels. */
export function selectedBy(budget: Budget, labels: Readonly<Record<string, string>>): boolean {
  if (budget.matchesNothing) return false;
  return selects(budget.selector, labels) && holds(budget.expressions ?? [], labels);
}

export function coversPod(budget: Budget, pod: EvictablePod): boolean {
  return budget.namespace === pod.namespace && selectedBy(budget, pod.labels);
}

/** It has come to its end and takes no room. */
export function hasEnded({ phase }: { readonly phase?: string }): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** What the eviction API says before it deletes a pod (registry/core/pod/storage/eviction.go): 201, 429 or 500. */
export function permit<P extends EvictablePod>(cluster: Budgets<P>, pod: P): 'accepted' | 'blocked' | 'several' {
  if (pod.deletedAt !== undefined) return 'accepted';
  const budgets = cluster.budgets.filter((budget) => coversPod(budget, pod));
  if (budgets.length > 1) return 'several';
  const [budget] = budgets;
  if (!budget) return 'accepted';
  if (hasEnded(pod)) return 'accepted';
  const { allowed } = cluster.budgetStatus(budget);
  if (cluster.isReady(pod) && allowed < 1) return 'blocked';
  if (budget.late) cluster.changeBudget(budget, allowingNone(budget));
  return 'accepted';
}

/** As an operator does it: `kubectl patch pdb NAME -p '{"spec":{"maxUnavailable":0}}'`. */
export function allowingNone(budget: Budget): Budget {
  const { minAvailable: _, ...rest } = budget;
  return { ...rest, maxUnavailable: 0, generation: (budget.generation ?? 1) + 1 };
}

const MEBI = 2 ** 20;

export function requestsOf({ shape, workload }: Pick<EvictablePod, 'workload' | 'shape'>): Requests {
  if (shape) return { cpu: shape.requests['cpu'] ?? 0, memory: (shape.requests['memory'] ?? 0) / MEBI };
  return workload?.requests ?? smallRequests;
}

interface Roomy {
  readonly reported?: { readonly allocatable?: Readonly<Record<string, number>> };
}

/** By requests, as the scheduler counts; what the control plane's own pods ask for is left out. */
export function hasRoom(reserved: Requests, { reported }: Roomy, pod: EvictablePod): boolean {
  const wanted = requestsOf(pod);
  const sum = (key: keyof Requests) => reserved[key] + wanted[key];
  const room = reported?.allocatable ?? { cpu: allocatable.cpu, memory: allocatable.memory * MEBI };
  return sum('cpu') <= (room['cpu'] ?? Infinity) && sum('memory') * MEBI <= (room['memory'] ?? Infinity);
}
