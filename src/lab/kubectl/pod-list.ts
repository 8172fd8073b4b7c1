import type { Cluster } from '../cluster.ts';
import { type Feed, Feeds } from '../feed.ts';
import type { Pod } from '../pods.ts';
import { type ApiObject, podObject } from './objects.ts';
import { perCluster } from './per-cluster.ts';

/** The pods of one cluster but mirrors, each the same object as long as nothing of it changes. */
class PodList {
  readonly #cluster: Cluster;
  readonly #news: Feed<Pod>;
  readonly #nodes: Feed<string>;
  readonly #changed = new Feeds<Pod>();
  readonly #objects = new Map<Pod, ApiObject>();
  /** Those that become ready later. */
  readonly #starting = new Set<Pod>();
  /** By node. */
  readonly #up = new Map<string, boolean>();
  #all: readonly ApiObject[] | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#news = cluster.pods.feed();
    this.#nodes = cluster.nodeFeed();
    for (const { name, up } of cluster.machines) this.#up.set(name, up);
    for (const pod of cluster.pods.all) this.#look(pod);
  }

  /** Of each look at a pod that may show something new. */
  feed(): Feed<Pod> {
    return this.#changed.open();
  }

  /** The same list as long as nothing of it changes. */
  get all(): readonly ApiObject[] {
    return (this.#all ??= [...this.#objects.values()]);
  }

  of(pods: readonly Pod[]): ApiObject[] {
    return pods.flatMap((pod) => this.#objects.get(pod) ?? []);
  }

  /** After a tick of the cluster. */
  update(): void {
    const { pods, clock } = this.#cluster;
    const news = this.#news.take();
    if (!news) {
      this.#all = undefined;
      this.#objects.clear();
      this.#starting.clear();
      this.#changed.noteAll();
    }
    for (const pod of news ?? pods.all) this.#look(pod);
    for (const pod of this.#starting) if (pod.readyAt <= clock.now()) this.#look(pod);
    for (const node of this.#nodes.take() ?? []) this.#lookOn(node);
  }

  /** No pod is ready on a machine that is down. */
  #lookOn(node: string): void {
    const { pods } = this.#cluster;
    const up = this.#cluster.machineOf(node)?.up === true;
    if (up === this.#up.get(node)) return;
    this.#up.set(node, up);
    for (const pod of pods.on(node)) this.#look(pod);
  }

  #look(pod: Pod): void {
    const { pods, clock } = this.#cluster;
    this.#all = undefined;
    this.#changed.note(pod);
    this.#starting.delete(pod);
    if (!pods.has(pod)) {
      this.#objects.delete(pod);
      return;
    }
    if (pod.readyAt > clock.now()) this.#starting.add(pod);
    this.#objects.set(pod, podObject(this.#cluster, pod));
  }
}

const listOf = perCluster((cluster) => new PodList(cluster));

/** As it is now, after a tick. */
export function podListOf(cluster: Cluster): PodList {
  const list = listOf(cluster);
  list.update();
  return list;
}
