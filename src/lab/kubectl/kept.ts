import type { Cluster } from '../cluster.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { reportedRuntime, runtimeAskedAt } from '../services.ts';
import type { Pod, PodFeed } from '../pods.ts';
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

const reported = new Kept<Machine>();
const budgets = new Kept<Budget>();
const mirrors = new Kept<StaticPod>();

/** The pods of one cluster but mirrors, each the same object as long as nothing of it changes. */
class PodObjects {
  readonly #cluster: Cluster;
  readonly #news: PodFeed;
  readonly #objects = new Map<Pod, ApiObject>();
  /** Those that become ready later. */
  readonly #starting = new Set<Pod>();
  /** Which machines were up. */
  #up: readonly boolean[] = [];
  #list: readonly ApiObject[] | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#news = cluster.pods.feed();
    for (const pod of cluster.pods.all) this.#look(pod);
  }

  /** After a tick. The same list as long as nothing of it changes. */
  list(): readonly ApiObject[] {
    this.#update();
    return (this.#list ??= [...this.#objects.values()]);
  }

  /** After a tick. */
  of(pods: readonly Pod[]): ApiObject[] {
    this.#update();
    return pods.flatMap((pod) => this.#objects.get(pod) ?? []);
  }

  #update(): void {
    const { pods, clock } = this.#cluster;
    const news = this.#news.take();
    if (!news) {
      this.#objects.clear();
      this.#starting.clear();
    }
    for (const pod of news ?? pods.all) this.#look(pod);
    for (const pod of this.#starting) if (pod.readyAt <= clock.now()) this.#look(pod);
    this.#lookWhereMachinesChanged();
  }

  /** What runs on a machine that went away or came back. */
  #lookWhereMachinesChanged(): void {
    const { machines, pods } = this.#cluster;
    const changed = machines.filter(({ up }, at) => up !== this.#up[at]);
    if (changed.length === 0) return;
    this.#up = machines.map(({ up }) => up);
    for (const { name } of changed) for (const pod of pods.on(name)) this.#look(pod);
  }

  #look(pod: Pod): void {
    const { pods, clock } = this.#cluster;
    this.#list = undefined;
    this.#starting.delete(pod);
    if (!pods.has(pod)) {
      this.#objects.delete(pod);
      return;
    }
    if (pod.readyAt > clock.now()) this.#starting.add(pod);
    this.#objects.set(pod, podObject(this.#cluster, pod));
  }
}

const podObjects = new WeakMap<Cluster, PodObjects>();

function podObjectsOf(cluster: Cluster): PodObjects {
  let known = podObjects.get(cluster);
  if (!known) podObjects.set(cluster, (known = new PodObjects(cluster)));
  return known;
}

interface AllPods {
  readonly own: readonly ApiObject[];
  readonly mirrors: readonly ApiObject[];
  readonly all: readonly ApiObject[];
}

const allPods = new WeakMap<Cluster, AllPods>();

/** The same with the mirrors, which are last. */
export function keptPods(cluster: Cluster): readonly ApiObject[] {
  const before = allPods.get(cluster);
  const own = podObjectsOf(cluster).list();
  const mirrors = cluster.machines.flatMap((machine) => mirrorsOn(cluster, machine));
  if (before?.own === own && isSame(mirrors, before.mirrors)) return before.all;
  const all = [...own, ...mirrors];
  allPods.set(cluster, { own, mirrors, all });
  return all;
}

/** {@link podObject} of some pods, mirrors of all machines last. */
export function keptPodsIn(cluster: Cluster, namespace: string): readonly ApiObject[] {
  const mirrors = cluster.machines.flatMap((machine) => mirrorsOn(cluster, machine));
  return [...podObjectsOf(cluster).of(cluster.pods.in(namespace)), ...mirrors];
}

/** The mirrors of the static pods of one machine. */
export function mirrorsOn(cluster: Cluster, machine: Machine): ApiObject[] {
  if (machine.staticPods.size === 0) return [];
  return [...machine.staticPods].map(([component, pod]) => keptMirror(cluster, machine, component, pod));
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
  const { status, reason, message, kubeletVersion } = cluster.condition(machine);
  const isTainted = cluster.nodes.get(machine.name)?.unschedulable === true || status !== 'True';
  const times = [cluster.reportedAt(machine), isTainted ? apiTime(cluster.clock.now()) : ''];
  const state = [status, reason, message, kubeletVersion, reportedRuntime(machine), ...partsOf(cluster, machine)];
  return reported.of(machine, [...state, ...times], () => nodeObject(cluster, machine));
}

/** What a Node object is made of, beside the time. */
function partsOf({ nodes }: Cluster, machine: Machine): readonly unknown[] {
  const { kubelet, up, bootId, kernelRelease, containerRuntime, earlierRuntime } = machine;
  const { active, startedAt } = machine.services.get('containerd') ?? {};
  const node = nodes.get(machine.name);
  return [node, kubelet, up, bootId, kernelRelease, containerRuntime, earlierRuntime, active, startedAt];
}

interface KnownNode {
  readonly parts: readonly unknown[];
  /** Milliseconds since the epoch, between which it does not change by itself. */
  readonly from: number;
  readonly until: number;
  readonly object: ApiObject;
}

interface NodeList {
  readonly machines: readonly Machine[];
  /** The minor of the oldest API server. */
  readonly server: number;
  readonly known: readonly KnownNode[];
  readonly objects: readonly ApiObject[];
}

const nodeLists = new WeakMap<Cluster, NodeList>();

/**
 * All Node objects, where times do not matter: when a kubelet reported last, as long as it did since it started, and
 * when a node was tainted. The same list as long as nothing else of it changes.
 */
export function keptApartFromReports(cluster: Cluster): readonly ApiObject[] {
  const { clock, nodes } = cluster;
  const now = clock.now();
  const before = nodeLists.get(cluster);
  const machines = cluster.machines.filter(({ name }) => nodes.has(name));
  const server = cluster.lowestServer();
  const isComparable = before !== undefined && before.server === server && isSame(before.machines, machines);
  const known = machines.map((machine, at): KnownNode => {
    const parts = partsOf(cluster, machine);
    const one = isComparable ? before.known[at] : undefined;
    if (one && now >= one.from && now < one.until && isSame(one.parts, parts)) return one;
    const asked = runtimeAskedAt(machine);
    const until = Math.min(cluster.steadyUntil(machine), asked > now ? asked : Number.POSITIVE_INFINITY);
    return { parts, from: now, until, object: nodeObject(cluster, machine) };
  });
  if (isComparable && isSame(before.known, known)) return before.objects;
  const objects = known.map(({ object }) => object);
  nodeLists.set(cluster, { machines, server, known, objects });
  return objects;
}

interface BudgetList {
  /** What all of it follows from. */
  readonly of: readonly unknown[];
  readonly objects: readonly ApiObject[];
}

const budgetLists = new WeakMap<Cluster, BudgetList>();

/** All PodDisruptionBudgets, after a tick. */
export function keptBudgets(cluster: Cluster): readonly ApiObject[] {
  const of = [cluster.budgets, podObjectsOf(cluster).list(), cluster.workloads, cluster.workloads.length];
  const before = budgetLists.get(cluster);
  if (before && isSame(of, before.of)) return before.objects;
  const objects = cluster.budgets.map((budget) => keptBudget(cluster, budget));
  budgetLists.set(cluster, { of, objects });
  return objects;
}

function keptBudget(cluster: Cluster, budget: Budget): ApiObject {
  const { healthy, desired, expected, allowed } = cluster.budgetStatusNow(budget);
  return budgets.of(budget, [healthy, desired, expected, allowed], () => budgetObject(cluster, budget));
}
