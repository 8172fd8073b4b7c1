import type { Cluster, NodeCondition, Pod } from '../cluster.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { reportedRuntime } from '../services.ts';
import type { Budget } from '../workloads.ts';
import { budgetObject } from './more-objects.ts';
import { apiTime, type ApiObject, mirrorIsReady, mirrorPodObject, nodeObject, podObject } from './objects.ts';

/**
 * API objects as they were made last, by what they are made of: a list of thousands is asked for all the time, and
 * most of them are as before. They never change.
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
const reported = new Kept<Machine>();
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
  const seen = cluster.condition(machine);
  const isTainted = cluster.nodes.get(machine.name)?.unschedulable === true || seen.status !== 'True';
  const times = [cluster.reportedAt(machine), isTainted ? apiTime(cluster.clock.now()) : ''];
  return reported.of(machine, [...stateOf(cluster, machine, seen), ...times], () => nodeObject(cluster, machine));
}

/**
 * The same, where times do not matter: when its kubelet reported last, as long as it did since it started, and when
 * it was tainted.
 */
export function keptApartFromReports(cluster: Cluster, machine: Machine): ApiObject {
  const state = stateOf(cluster, machine, cluster.condition(machine));
  state.push(cluster.reportedAt(machine) < machine.kubelet.startedAt);
  return nodes.of(machine, state, () => nodeObject(cluster, machine));
}

function stateOf(cluster: Cluster, machine: Machine, seen: NodeCondition): unknown[] {
  const { kubelet, bootId, kernelRelease } = machine;
  const { status, reason, message, kubeletVersion } = seen;
  const state: unknown[] = [status, reason, message, kubeletVersion, kubelet.startedAt, bootId, kernelRelease];
  state.push(reportedRuntime(machine));
  const node = cluster.nodes.get(machine.name);
  if (!node) return state;
  state.push(node.unschedulable, node.reported, ...node.taints);
  // Both are changed in place.
  for (const map of [node.labels, node.annotations]) for (const key in map) state.push(key, map[key]);
  return state;
}

/** The same of a PodDisruptionBudget, after a tick. */
export function keptBudget(cluster: Cluster, budget: Budget): ApiObject {
  const { healthy, desired, expected, allowed } = cluster.budgetStatusNow(budget);
  const state = [healthy, desired, expected, allowed, JSON.stringify(budget)];
  return budgets.of(budget, state, () => budgetObject(cluster, budget));
}
