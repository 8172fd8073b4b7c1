import type { Cluster, Pod } from '../cluster.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { reportedRuntime } from '../services.ts';
import type { Budget } from '../workloads.ts';
import { budgetObject } from './more-objects.ts';
import { apiTime, type ApiObject, mirrorIsReady, mirrorPodObject, nodeObject, podObject } from './objects.ts';

/**
 * API objects as they were made last, by what they are made of: a list of thousands is asked for all the time, and
 * most of them are as before. Nobody changes one.
 */
class Kept<T extends object> {
  readonly #known = new WeakMap<T, { readonly state: readonly unknown[]; readonly object: ApiObject }>();

  /** @param state all of it that changes, one value after another */
  of(one: T, state: readonly unknown[], make: () => ApiObject): ApiObject {
    const known = this.#known.get(one);
    if (known && isSame(known.state, state)) return known.object;
    const object = make();
    this.#known.set(one, { state, object });
    return object;
  }
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
}

const pods = new Kept<Pod>();
const nodes = new Kept<Machine>();
const budgets = new Kept<Budget>();
const mirrors = new Kept<StaticPod>();

/** {@link podObject}, the same one as long as nothing of it changes. */
export function keptPod(cluster: Cluster, pod: Pod): ApiObject {
  const { node, createdAt, deletedAt, restarts, finalizers, workload } = pod;
  const state = [cluster.isReady(pod), node, createdAt, deletedAt, restarts, finalizers, workload?.image];
  return pods.of(pod, state, () => podObject(cluster, pod));
}

/** The same of the mirror of a static pod. */
export function keptMirror(cluster: Cluster, machine: Machine, component: string, pod: StaticPod): ApiObject {
  const { image, hash, startedAt, restarts, labels, shape } = pod;
  const { name, apiServerEndpoint } = machine;
  const ready = mirrorIsReady(cluster, machine, component, pod);
  const state = [name, component, ready, image, hash, startedAt, restarts, labels, shape, apiServerEndpoint];
  return mirrors.of(pod, state, () => mirrorPodObject(cluster, machine, component, pod));
}

/** The same of a Node object. */
export function keptNode(cluster: Cluster, machine: Machine): ApiObject {
  const node = cluster.nodes.get(machine.name);
  const { status, reason, message, kubeletVersion } = cluster.condition(machine);
  const { labels, annotations, taints = [], unschedulable, reported } = node ?? {};
  const { kubelet, bootId, kernelRelease } = machine;
  const isTainted = unschedulable === true || status !== 'True';
  const state = [
    status,
    reason,
    message,
    kubeletVersion,
    kubelet.startedAt,
    cluster.reportedAt(machine),
    reportedRuntime(machine),
    bootId,
    kernelRelease,
    isTainted ? apiTime(cluster.clock.now()) : '',
    unschedulable,
    reported,
    ...taints,
  ];
  // Both are changed in place.
  for (const map of [labels, annotations]) for (const key in map) state.push(key, map[key]);
  return nodes.of(machine, state, () => nodeObject(cluster, machine));
}

/** The same of a PodDisruptionBudget, after a tick. */
export function keptBudget(cluster: Cluster, budget: Budget): ApiObject {
  const { healthy, desired, expected, allowed } = cluster.budgetStatusNow(budget);
  const state = [healthy, desired, expected, allowed, JSON.stringify(budget)];
  return budgets.of(budget, state, () => budgetObject(cluster, budget));
}
