import type { Cluster, Pod } from '../cluster.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { reportedRuntime } from '../services.ts';
import type { Budget } from '../workloads.ts';
import { budgetObject } from './more-objects.ts';
import { apiTime, type ApiObject, mirrorIsReady, mirrorPodObject, nodeObject, podObject } from './objects.ts';

/** What an object is made of, as it is now: filled for each question, as lists of thousands are asked for all the time. */
const state: unknown[] = [];

/** API objects as they were made last, by what they are made of: most of them are as before. Nobody changes one. */
class Kept<T extends object> {
  readonly #known = new WeakMap<T, { readonly state: readonly unknown[]; readonly object: ApiObject }>();

  /** {@link state} is to have all of it that changes, one value after another. */
  of(one: T, make: () => ApiObject): ApiObject {
    const known = this.#known.get(one);
    if (known && isSame(known.state)) return known.object;
    const before = [...state];
    const object = make();
    this.#known.set(one, { state: before, object });
    return object;
  }
}

function isSame(before: readonly unknown[]): boolean {
  if (before.length !== state.length) return false;
  for (let at = 0; at < before.length; at += 1) if (before[at] !== state[at]) return false;
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
  state.length = 0;
  state.push(cluster.isReady(pod), node, createdAt, deletedAt, restarts, finalizers, workload?.image);
  return pods.of(pod, () => podObject(cluster, pod));
}

/** The same of the mirror of a static pod. */
export function keptMirror(cluster: Cluster, machine: Machine, component: string, pod: StaticPod): ApiObject {
  const { image, hash, startedAt, restarts, labels, shape } = pod;
  const { name, apiServerEndpoint } = machine;
  const ready = mirrorIsReady(cluster, machine, component, pod);
  state.length = 0;
  state.push(name, component, ready, image, hash, startedAt, restarts, labels, shape, apiServerEndpoint);
  return mirrors.of(pod, () => mirrorPodObject(cluster, machine, component, pod));
}

/** The same of a Node object. */
export function keptNode(cluster: Cluster, machine: Machine): ApiObject {
  fillOfNode(cluster, machine);
  state.push(cluster.reportedAt(machine));
  return reported.of(machine, () => nodeObject(cluster, machine));
}

/** The same, where the time of its kubelet's last report does not matter: it is that of an earlier one. */
export function keptApartFromReports(cluster: Cluster, machine: Machine): ApiObject {
  fillOfNode(cluster, machine);
  return nodes.of(machine, () => nodeObject(cluster, machine));
}

function fillOfNode(cluster: Cluster, machine: Machine): void {
  const node = cluster.nodes.get(machine.name);
  const { status, reason, message, kubeletVersion } = cluster.condition(machine);
  const { kubelet, bootId, kernelRelease } = machine;
  const isTainted = node?.unschedulable === true || status !== 'True';
  state.length = 0;
  state.push(status, reason, message, kubeletVersion, kubelet.startedAt);
  state.push(reportedRuntime(machine), bootId, kernelRelease, isTainted ? apiTime(cluster.clock.now()) : '');
  if (!node) return;
  state.push(node.unschedulable, node.reported, ...node.taints);
  // Both are changed in place.
  for (const map of [node.labels, node.annotations]) for (const key in map) state.push(key, map[key]);
}

/** The same of a PodDisruptionBudget, after a tick. */
export function keptBudget(cluster: Cluster, budget: Budget): ApiObject {
  const { healthy, desired, expected, allowed } = cluster.budgetStatusNow(budget);
  state.length = 0;
  state.push(healthy, desired, expected, allowed, JSON.stringify(budget));
  return budgets.of(budget, () => budgetObject(cluster, budget));
}
