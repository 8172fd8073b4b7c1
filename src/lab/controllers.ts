import type { ApiNode } from './api-node.ts';
import type { Cluster } from './cluster.ts';
import { hasEnded, hasRoom } from './evictions.ts';
import { hexOf, nameSuffix } from './identity.ts';
import { nodeCondition } from './node-status.ts';
import { fits } from './pod-shape.ts';
import type { Pod } from './pods.ts';
import type { Workload } from './workloads.ts';

/** Milliseconds of simulated work until a pod that has its node is ready. */
const startWork = 800;

/** What the controllers and the scheduler have to look at again. */
class Due {
  readonly ending = new Set<Pod>();
  readonly waiting = new Set<Pod>();
  hasVolumes = false;
  /** What there was when they looked at all. */
  readonly #workloads: readonly Workload[];
  readonly #workloadsThere: number;
  readonly #nodes: number;

  constructor({ workloads, nodes }: Pick<Cluster, 'workloads' | 'nodes'>) {
    this.#workloads = workloads;
    this.#workloadsThere = workloads.length;
    this.#nodes = nodes.size;
  }

  isOf({ workloads, nodes }: Pick<Cluster, 'workloads' | 'nodes'>): boolean {
    return this.#workloads === workloads && this.#workloadsThere === workloads.length && this.#nodes === nodes.size;
  }

  note(pod: Pod): void {
    if (pod.deletedAt !== undefined) this.ending.add(pod);
    if (pod.node === undefined && pod.waits !== true) this.waiting.add(pod);
    if (pod.workload?.volumes !== undefined) this.hasVolumes = true;
  }

  forget(pod: Pod): void {
    this.ending.delete(pod);
    this.waiting.delete(pod);
  }
}

/** What makes pods of workloads, gives them nodes, and takes away those that have ended. */
export class Controllers {
  readonly #cluster: Cluster;
  readonly #news;
  /** Undefined: all. */
  #due: Due | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#news = cluster.pods.feed();
  }

  lookAtAll(): void {
    this.#due = undefined;
  }

  /** Does what is due. @returns whether a pod has volumes */
  work(now: number): boolean {
    const news = this.#news.take();
    const due = news && this.#due?.isOf(this.#cluster) ? this.#control(this.#due, news, now) : this.#controlAll(now);
    for (const pod of due.waiting) if (this.#schedule(pod, now)) due.waiting.delete(pod);
    // What they did themselves is nothing new to them.
    this.#news.take();
    return due.hasVolumes;
  }

  #controlAll(now: number): Due {
    const due = new Due(this.#cluster);
    for (const pod of this.#cluster.pods.all) due.note(pod);
    this.#due = due;
    return this.#control(due, new Set(), now, this.#cluster.workloads);
  }

  /** @param touched whose pods may be too few */
  #control(due: Due, news: ReadonlySet<Pod>, now: number, touched: Iterable<Workload> = []): Due {
    const workloads = new Set(touched);
    for (const pod of news) {
      due.forget(pod);
      if (this.#cluster.pods.has(pod)) due.note(pod);
      if (pod.workload && this.#cluster.workloads.includes(pod.workload)) workloads.add(pod.workload);
    }
    for (const pod of due.ending)
      if (this.#isOver(pod, now)) {
        due.forget(pod);
        this.#cluster.pods.remove(pod);
      }
    for (const workload of workloads) this.#reconcile(workload, now);
    for (const pod of this.#news.take() ?? []) if (this.#cluster.pods.has(pod)) due.note(pod);
    return due;
  }

  /** A kubelet that is down ends no pod. */
  #isOver({ deletedAt, finalizers = [], node, stuck }: Pod, now: number): boolean {
    if (deletedAt === undefined || deletedAt > now || finalizers.length > 0 || stuck === true) return false;
    return node === undefined || !this.#cluster.nodes.has(node) || this.#cluster.kubeletRuns(node);
  }

  #reconcile(workload: Workload, now: number): void {
    const pods = this.#cluster.pods.of(workload).filter((pod) => pod.deletedAt === undefined && !hasEnded(pod));
    if (workload.kind === 'DaemonSet') {
      const there = new Set(pods.map((pod) => pod.node));
      for (const node of wantedNodes(this.#cluster, workload)) if (!there.has(node)) this.#create(workload, now, node);
      return;
    }
    for (let count = pods.length; count < workload.replicas; count += 1) this.#create(workload, now);
  }

  #create(workload: Workload, now: number, node?: string): void {
    this.#cluster.podCount += 1;
    const { shape, owner } = workload;
    this.#cluster.pods.add({
      namespace: workload.namespace,
      ...nameAndLabels(workload, this.#cluster.podCount, this.#cluster.pods.of(workload)),
      workload,
      ...(shape ? { shape } : {}),
      ...(owner ? { owner } : {}),
      image: workload.image,
      emptyDir: workload.emptyDir,
      createdAt: now,
      readyAt: node === undefined ? Number.POSITIVE_INFINITY : now + startWork / this.#cluster.clock.scale,
      restarts: 0,
      ...(workload.finalizers ? { finalizers: workload.finalizers } : {}),
      ...(node === undefined ? {} : { node }),
    });
  }

  /** Whether it has a place now. */
  #schedule(pod: Pod, now: number): boolean {
    if (pod.node !== undefined) return true;
    const alike = new Map<string, number>();
    for (const { node, deletedAt } of this.#cluster.pods.of(pod.workload))
      if (node !== undefined && deletedAt === undefined) alike.set(node, (alike.get(node) ?? 0) + 1);
    const order = pod.workload?.packed ? -1 : 1;
    let best: { readonly name: string; readonly weight: number } | undefined;
    for (const node of this.#cluster.nodes.values()) {
      const weight = order * (alike.get(node.name) ?? 0);
      if ((!best || weight < best.weight) && this.#accepts(node, pod)) best = { name: node.name, weight };
    }
    if (!best) return false;
    this.#cluster.pods.change(pod, { node: best.name, readyAt: now + startWork / this.#cluster.clock.scale });
    return true;
  }

  #accepts(node: ApiNode, pod: Pod): boolean {
    const machine = this.#cluster.machineOf(node.name);
    if (
      !machine?.up ||
      node.unschedulable ||
      nodeCondition(this.#cluster, machine).status !== 'True' ||
      !hasRoom(this.#cluster.pods.reserved(node.name), node, pod)
    )
      return false;
    if (pod.shape) return fits(pod.shape, node);
    return node.taints.every(
      (taint) => pod.workload?.toleratesControlPlane === true && taint.key.startsWith('node-role.kubernetes.io/'),
    );
  }
}

/** The nodes on which a DaemonSet wants a pod. */
export function wantedNodes({ nodes }: Cluster, workload: Workload): string[] {
  return [...nodes.keys()].filter((name) => workload.nodes?.has(name) ?? true);
}

/** As its controller names a new pod; that of a StatefulSet takes the name of the one that is missing. */
function nameAndLabels(workload: Workload, count: number, pods: readonly Pod[]): Pick<Pod, 'name' | 'labels'> {
  const { kind, name, labels, owner } = workload;
  const suffix = nameSuffix(`${name}/${count}`);
  if (kind === 'StatefulSet') {
    const taken = new Set(pods.map((pod) => pod.name));
    let at = 0;
    while (taken.has(`${name}-${at}`) && at < workload.replicas) at += 1;
    const own = `${name}-${at}`;
    return { name: own, labels: { ...labels, 'statefulset.kubernetes.io/pod-name': own } };
  }
  if (kind !== 'Deployment') return { name: `${owner?.name ?? name}-${suffix}`, labels };
  const hash = owner ? owner.name.slice(name.length + 1) : templateHash(workload);
  return {
    name: `${owner?.name ?? `${name}-${hash}`}-${suffix}`,
    labels: hash === '' ? labels : { ...labels, 'pod-template-hash': hash },
  };
}

export function templateHash(workload: Workload): string {
  return hexOf(`${workload.name}/${workload.image}`, 10);
}
