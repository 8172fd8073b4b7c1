import { hasEnded, requestsOf } from './evictions.ts';
import { type Feed, Feeds } from './feed.ts';
import type { PodShape } from './pod-shape.ts';
import type { PodOwner, Requests, Workload } from './workloads.ts';

/** A pod of the API. It is the same object from its making to its end, and only {@link Pods} changes it. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: a deleted pod is not replaced. */
  readonly workload?: Workload;
  readonly image: string;
  readonly emptyDir: boolean;
  readonly createdAt: number;
  readonly node?: string;
  readonly readyAt: number;
  readonly deletedAt?: number;
  readonly restarts: number;
  /** While it has any, it stays although it is deleted. */
  readonly finalizers?: readonly string[];
  readonly shape?: PodShape;
  readonly owner?: PodOwner;
  /** In place of Running; a pod that has ended is not counted by its controller. */
  readonly phase?: string;
  /** What it waits for before it comes to a node is not known: the scheduler leaves it. */
  readonly waits?: true;
  /** It was being deleted longer ago than its grace period: its kubelet does not end it. */
  readonly stuck?: true;
}

type Changing = Pick<Pod, 'createdAt' | 'node' | 'readyAt' | 'deletedAt'>;

/** Pods by what they have in common. */
class Groups<K> {
  readonly #keyOf: (pod: Pod) => K;
  readonly #groups = new Map<K, Pod[]>();

  constructor(keyOf: (pod: Pod) => K, pods: Iterable<Pod> = []) {
    this.#keyOf = keyOf;
    for (const pod of pods) this.add(pod);
  }

  get(key: K): readonly Pod[] {
    return this.#groups.get(key) ?? [];
  }

  add(pod: Pod): void {
    const key = this.#keyOf(pod);
    const group = this.#groups.get(key);
    if (group) group.push(pod);
    else this.#groups.set(key, [pod]);
  }

  remove(pod: Pod): void {
    const group = this.#groups.get(this.#keyOf(pod));
    const at = group?.indexOf(pod) ?? -1;
    if (at >= 0) group?.splice(at, 1);
  }
}

/** The pods of a cluster, in the order in which they were made. */
export class Pods {
  #there = new Set<Pod>();
  #all: readonly Pod[] | undefined;
  readonly #feeds = new Feeds<Pod>();
  #groups = groupsOf([]);
  /** By the label's name. */
  readonly #byLabel = new Map<string, Groups<string | undefined>>();
  /** By node. */
  readonly #reserved = new Map<string | undefined, Requests>();

  get all(): readonly Pod[] {
    return (this.#all ??= [...this.#there]);
  }

  has(pod: Pod): boolean {
    return this.#there.has(pod);
  }

  in(namespace: string): readonly Pod[] {
    return this.#groups.namespace.get(namespace);
  }

  of(workload: Workload | undefined): readonly Pod[] {
    return this.#groups.workload.get(workload);
  }

  on(node: string): readonly Pod[] {
    return this.#groups.node.get(node);
  }

  /** Those with a label, of all namespaces. */
  with(label: string, value: string): readonly Pod[] {
    let groups = this.#byLabel.get(label);
    if (!groups) this.#byLabel.set(label, (groups = new Groups((pod) => pod.labels[label], this.#there)));
    return groups.get(value);
  }

  /** What those on a node ask for that run, or will. */
  reserved(node: string): Requests {
    let found = this.#reserved.get(node);
    if (!found) this.#reserved.set(node, (found = sumOf(this.#groups.node.get(node))));
    return found;
  }

  /** What is new from now on, for one who asks again and again. */
  feed(): Feed<Pod> {
    return this.#feeds.open();
  }

  add(pod: Pod): void {
    this.#there.add(pod);
    this.#all = undefined;
    for (const groups of this.#allGroups()) groups.add(pod);
    this.#note(pod);
  }

  change(pod: Pod, change: Partial<Changing>): void {
    this.#groups.node.remove(pod);
    this.#note(pod);
    Object.assign(pod, change);
    this.#groups.node.add(pod);
    this.#note(pod);
  }

  /** Those for which this is not so are gone. */
  keep(stays: (pod: Pod) => boolean): void {
    for (const pod of this.all) if (!stays(pod)) this.remove(pod);
  }

  remove(pod: Pod): void {
    this.#there.delete(pod);
    this.#all = undefined;
    for (const groups of this.#allGroups()) groups.remove(pod);
    this.#note(pod);
  }

  /** Others in place of all that there are. */
  replace(pods: readonly Pod[]): void {
    this.#there = new Set(pods);
    this.#all = undefined;
    this.#feeds.noteAll();
    this.#groups = groupsOf(pods);
    this.#byLabel.clear();
    this.#reserved.clear();
  }

  #allGroups(): Groups<unknown>[] {
    return [...Object.values(this.#groups), ...this.#byLabel.values()];
  }

  #note(pod: Pod): void {
    this.#feeds.note(pod);
    this.#reserved.delete(pod.node);
  }
}

function groupsOf(pods: readonly Pod[]) {
  return {
    namespace: new Groups(({ namespace }) => namespace, pods),
    workload: new Groups(({ workload }) => workload, pods),
    node: new Groups(({ node }) => node, pods),
  };
}

/** As the scheduler counts: a pod that is being deleted, or that has ended, leaves its room to others. */
function sumOf(pods: readonly Pod[]): Requests {
  let [cpu, memory] = [0, 0];
  for (const pod of pods) {
    if (pod.deletedAt !== undefined || hasEnded(pod)) continue;
    const wanted = requestsOf(pod);
    cpu += wanted.cpu;
    memory += wanted.memory;
  }
  return { cpu, memory };
}
