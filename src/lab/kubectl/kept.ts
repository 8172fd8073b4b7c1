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

const nodes = new Kept<Machine>();
const reported = new Kept<Machine>();
const budgets = new Kept<Budget>();
const mirrors = new Kept<StaticPod>();

interface KeptPod {
  readonly ready: boolean;
  readonly pod: Pod;
  readonly image: string | undefined;
  readonly object: ApiObject;
}

const pods = new WeakMap<Pod, KeptPod>();

/** {@link podObject}, the same one as long as nothing of it changes. Lists have thousands. */
export function keptPod(cluster: Cluster, pod: Pod): ApiObject {
  const ready = cluster.isReady(pod);
  const known = pods.get(pod);
  if (known && known.ready === ready && known.image === pod.workload?.image && isSamePod(known.pod, pod))
    return known.object;
  const object = podObject(cluster, pod);
  pods.set(pod, { ready, pod: { ...pod }, image: pod.workload?.image, object });
  return object;
}

function isSamePod(before: Pod, now: Pod): boolean {
  return (
    before.node === now.node &&
    before.deletedAt === now.deletedAt &&
    before.createdAt === now.createdAt &&
    before.restarts === now.restarts &&
    before.finalizers === now.finalizers
  );
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
  const node = cluster.nodes.get(machine.name);
  const isTainted = node?.unschedulable === true || state[0] !== 'True';
  state.push(cluster.reportedAt(machine), isTainted ? apiTime(cluster.clock.now()) : '');
  return reported.of(machine, () => nodeObject(cluster, machine));
}

/** The same, where times do not matter: when its kubelet reported last, as long as it did since it started, and taints. */
export function keptApartFromReports(cluster: Cluster, machine: Machine): ApiObject {
  fillOfNode(cluster, machine);
  state.push(cluster.reportedAt(machine) < machine.kubelet.startedAt);
  return nodes.of(machine, () => nodeObject(cluster, machine));
}

function fillOfNode(cluster: Cluster, machine: Machine): void {
  const node = cluster.nodes.get(machine.name);
  const { status, reason, message, kubeletVersion } = cluster.condition(machine);
  const { kubelet, bootId, kernelRelease } = machine;
  state.length = 0;
  state.push(status, reason, message, kubeletVersion, kubelet.startedAt);
  state.push(reportedRuntime(machine), bootId, kernelRelease);
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
