import type { Cluster } from '../cluster.ts';
import { coversPod } from '../evictions.ts';
import type { Feed } from '../feed.ts';
import type { Pod } from '../pods.ts';
import type { Budget, Workload } from '../workloads.ts';
import { budgetObject } from './more-objects.ts';
import type { ApiObject } from './objects.ts';
import { perCluster } from './per-cluster.ts';
import { podListOf } from './pod-list.ts';

/** The PodDisruptionBudgets of one cluster, each the same object as long as nothing of it changes. */
class BudgetList {
  readonly #cluster: Cluster;
  readonly #news: Feed<Pod>;
  readonly #objects = new Map<Budget, ApiObject>();
  #budgets: readonly Budget[] | undefined;
  #workloads: readonly Workload[] = [];
  #workloadsThere = 0;
  #all: readonly ApiObject[] | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#news = podListOf(cluster).feed();
  }

  /** After a tick of the cluster. The same list as long as nothing of it changes. */
  list(): readonly ApiObject[] {
    podListOf(this.#cluster);
    const { budgets, workloads } = this.#cluster;
    const news = this.#news.take();
    const isSame = budgets === this.#budgets && workloads === this.#workloads;
    if (!news || !isSame || workloads.length !== this.#workloadsThere) this.#lookAtAll();
    else if (news.size > 0) this.#look(budgets.filter((budget) => coversAny(budget, news)));
    return (this.#all ??= [...this.#objects.values()]);
  }

  #lookAtAll(): void {
    const { budgets, workloads } = this.#cluster;
    [this.#budgets, this.#workloads, this.#workloadsThere] = [budgets, workloads, workloads.length];
    this.#objects.clear();
    this.#all = undefined;
    this.#look(budgets);
  }

  #look(budgets: readonly Budget[]): void {
    for (const budget of budgets) {
      const object = budgetObject(this.#cluster, budget);
      if (isAlike(object, this.#objects.get(budget))) continue;
      this.#all = undefined;
      this.#objects.set(budget, object);
    }
  }
}

function coversAny(budget: Budget, pods: ReadonlySet<Pod>): boolean {
  for (const pod of pods) if (coversPod(budget, pod)) return true;
  return false;
}

/** Of the same budget: only its status changes. */
function isAlike(now: ApiObject, before: ApiObject | undefined): boolean {
  return JSON.stringify(now['status']) === JSON.stringify(before?.['status']);
}

const listOf = perCluster((cluster) => new BudgetList(cluster));

/** All PodDisruptionBudgets, after a tick. */
export function keptBudgets(cluster: Cluster): readonly ApiObject[] {
  return listOf(cluster).list();
}
