import type { Cluster } from '../cluster.ts';
import type { Feed } from '../feed.ts';
import type { Pod } from '../pods.ts';
import type { Budget, Workload } from '../workloads.ts';
import { budgetObject } from './more-objects.ts';
import type { ApiObject } from './objects.ts';
import { podListOf } from './pod-list.ts';

/** The PodDisruptionBudgets of one cluster, each the same object as long as nothing of it changes. */
class BudgetList {
  readonly #cluster: Cluster;
  readonly #news: Feed<Pod>;
  readonly #objects = new Map<Budget, ApiObject>();
  /** By namespace and a label that the pods of a budget have. */
  readonly #byLabel = new Map<string, Budget[]>();
  readonly #labels = new Set<string>();
  /** Those that name no label. */
  #broad: readonly Budget[] = [];
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
    else this.#look(new Set([...this.#broad, ...[...news].flatMap((pod) => this.#around(pod))]));
    return (this.#all ??= [...this.#objects.values()]);
  }

  #lookAtAll(): void {
    const { budgets, workloads } = this.#cluster;
    [this.#budgets, this.#workloads, this.#workloadsThere] = [budgets, workloads, workloads.length];
    this.#objects.clear();
    this.#byLabel.clear();
    this.#labels.clear();
    this.#broad = budgets.filter(({ selector }) => Object.keys(selector).length === 0);
    for (const budget of budgets) {
      const [label] = Object.entries(budget.selector);
      if (!label) continue;
      this.#labels.add(label[0]);
      const key = keyOf(budget.namespace, ...label);
      this.#byLabel.set(key, [...(this.#byLabel.get(key) ?? []), budget]);
    }
    this.#look(budgets);
  }

  /** The budgets that may cover a pod. */
  #around({ namespace, labels }: Pod): Budget[] {
    return [...this.#labels].flatMap((name) => {
      const value = labels[name];
      return value === undefined ? [] : (this.#byLabel.get(keyOf(namespace, name, value)) ?? []);
    });
  }

  #look(budgets: Iterable<Budget>): void {
    for (const budget of budgets) {
      const object = budgetObject(this.#cluster, budget);
      if (isAlike(object, this.#objects.get(budget))) continue;
      this.#all = undefined;
      this.#objects.set(budget, object);
    }
  }
}

function keyOf(namespace: string, label: string, value: string): string {
  return `${namespace}/${label}=${value}`;
}

/** Of the same budget: only its status changes. */
function isAlike(now: ApiObject, before: ApiObject | undefined): boolean {
  return JSON.stringify(now['status']) === JSON.stringify(before?.['status']);
}

const lists = new WeakMap<Cluster, BudgetList>();

/** All PodDisruptionBudgets, after a tick. */
export function keptBudgets(cluster: Cluster): readonly ApiObject[] {
  let list = lists.get(cluster);
  if (!list) lists.set(cluster, (list = new BudgetList(cluster)));
  return list.list();
}
