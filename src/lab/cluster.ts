import { type ApiNode, apiNode, asControlPlane } from './api-node.ts';
import type { Clock } from './clock.ts';
import { healthyExtras } from './cluster-extras.ts';
import { Controllers } from './controllers.ts';
import { firstStore } from './etcd-state.ts';
import { coversPod, hasEnded, permit } from './evictions.ts';
import { type Feed, Feeds } from './feed.ts';
import { LabelIndex } from './label-index.ts';
import type { Machine } from './machine.ts';
import { NotedMap } from './noted-map.ts';
import { type Pod, Pods } from './pods.ts';
import { findMinor, minorNumber, minorOf } from './releases.ts';
import { type Attachment, attachments } from './volumes.ts';
import type { Budget, Workload, WorkloadSet } from './workloads.ts';

/** Milliseconds of simulated work that the end of a pod takes. */
const terminateWork = 700;

export interface BudgetStatus {
  readonly healthy: number;
  readonly desired: number;
  readonly expected: number;
  readonly allowed: number;
}

/** The API's objects. Time-dependent state is worked out when it is asked for. */
export class Cluster {
  readonly clock: Clock;
  readonly machines: readonly Machine[];
  readonly nodes = new NotedMap<string, ApiNode>();
  workloads: Workload[];
  /** Replaced where one of them changes. */
  budgets: readonly Budget[];
  readonly endpoint: string;
  readonly createdAt: number;
  extras = healthyExtras();
  /** What else etcd keeps. */
  store;
  readonly pods = new Pods();
  readonly #nodeNews = new Feeds<string>();
  /** Machines that have, or had, static pods. */
  readonly #mirrored = new Set<Machine>();
  attachments: Attachment[] = [];
  /** kubeadm-config's kubernetesVersion. */
  version: string;
  kubeProxyVersion: string;
  coreDnsVersion: string;
  /** Pods made so far: their names follow from it. */
  podCount = 0;

  readonly #controllers: Controllers;
  readonly #byName = new Map<string, Machine>();
  readonly #planes: readonly Machine[];
  readonly #workloadIndex = new LabelIndex<Workload>();

  constructor(
    clock: Clock,
    machines: readonly Machine[],
    version: string,
    endpoint: string,
    { workloads, budgets, naked }: WorkloadSet,
  ) {
    this.clock = clock;
    this.machines = machines;
    this.#planes = machines.filter(({ role }) => role === 'control-plane');
    this.version = version;
    this.kubeProxyVersion = version;
    this.coreDnsVersion = findMinor(minorOf(version))?.coredns ?? '1.11.3';
    this.endpoint = endpoint;
    this.#watch();
    this.createdAt = clock.now() - 86_400_000;
    this.store = firstStore(clock.now());
    for (const machine of machines) {
      if (machine.role === 'other') continue;
      const node = apiNode(machine);
      this.nodes.set(machine.name, machine.isControlPlane ? asControlPlane(node) : node);
    }
    this.workloads = workloads;
    this.budgets = budgets;
    this.#controllers = new Controllers(this);
    this.tick();
    this.settle();
    const home = machines.find((machine) => machine.role === 'worker') ?? machines[0];
    for (const one of naked)
      this.pods.add({
        ...one,
        image: 'registry.example.com/tool:1',
        emptyDir: false,
        createdAt: this.createdAt,
        readyAt: this.createdAt,
        restarts: 0,
        ...(home ? { node: home.name } : {}),
      });
  }

  #watch(): void {
    this.nodes.onChange = (name) => this.#nodeNews.note(name);
    for (const machine of this.machines) {
      machine.onChange = () => this.#nodeNews.note(machine.name);
      if (machine.staticPods.size > 0) this.#mirrored.add(machine);
      machine.staticPods.onChange = () => this.#mirrored.add(machine);
    }
  }

  /** The names of nodes of which a Node object shows something new. */
  nodeFeed(): Feed<string> {
    return this.#nodeNews.open();
  }

  /** In the cluster's order, the machines that have static pods. */
  withStaticPods(): readonly Machine[] {
    const found = [...this.#mirrored].filter(({ staticPods }) => staticPods.size > 0);
    return found.length < 2 ? found : this.machines.filter((machine) => found.includes(machine));
  }

  /** Lets controllers and the scheduler do what is due. */
  tick(): void {
    const now = this.clock.now();
    const hasVolumes = this.#controllers.work(now);
    if (!hasVolumes && this.attachments.length === 0) return;
    this.attachments = attachments(this.attachments, this.pods.all, { now, scale: this.clock.scale }, (node) =>
      this.kubeletRuns(node),
    );
  }

  kubeletRuns(node: string): boolean {
    const machine = this.machineOf(node);
    return machine?.up === true && machine.kubelet.stoppedAt === undefined;
  }

  /** All pods that there are now have run since the cluster was made. */
  settle(): void {
    for (const pod of this.pods.all) this.pods.change(pod, { createdAt: this.createdAt, readyAt: this.createdAt });
  }

  changeNode(node: ApiNode, change: Partial<ApiNode>): void {
    this.nodes.set(node.name, { ...node, ...change });
  }

  isReady(pod: Pod): boolean {
    const machine = pod.node === undefined ? undefined : this.machineOf(pod.node);
    // A pod that is being deleted may still be ready.
    const ends = pod.deletedAt !== undefined && pod.stuck !== true;
    return machine?.up === true && !ends && pod.readyAt <= this.clock.now();
  }

  /** A kubelet that was let in makes its Node object. */
  register(machine: Machine): void {
    this.nodes.set(machine.name, apiNode(machine));
    this.#controllers.lookAtAll();
    this.tick();
  }

  machineOf(name: string): Machine | undefined {
    const found = this.#byName.get(name) ?? this.machines.find((machine) => machine.name === name);
    if (found) this.#byName.set(name, found);
    return found;
  }

  podsMatching(budget: Budget): Pod[] {
    const [label] = Object.entries(budget.selector);
    const some = label ? this.pods.with(...label) : this.pods.in(budget.namespace);
    return some.filter((pod) => coversPod(budget, pod));
  }

  budgetStatus(budget: Budget): BudgetStatus {
    this.tick();
    return this.budgetStatusNow(budget);
  }

  /** The same after a {@link tick}. */
  budgetStatusNow(budget: Budget): BudgetStatus {
    const pods = this.podsMatching(budget).filter((pod) => !hasEnded(pod));
    const healthy = pods.filter((pod) => this.isReady(pod)).length;
    // Pods without a controller count where a number of them is asked for (disruption.go: getExpectedPodCount).
    const bare = pods.filter(({ workload }) => workload === undefined || workload.kind === 'DaemonSet').length;
    const expected =
      (typeof budget.minAvailable === 'number' ? bare : 0) +
      this.#workloadsOf(budget)
        .filter((workload) => workload.kind !== 'DaemonSet' && coversPod(budget, workload))
        .reduce((sum, workload) => sum + workload.replicas, 0);
    const count = (share: number | string) =>
      typeof share === 'number' ? share : Math.ceil((Number.parseFloat(share) / 100) * expected);
    const desired =
      budget.minAvailable === undefined
        ? Math.max(0, expected - count(budget.maxUnavailable ?? 0))
        : count(budget.minAvailable);
    const allowed = expected === 0 || budget.syncFailed !== undefined ? 0 : Math.max(0, healthy - desired);
    return { healthy, desired, expected, allowed };
  }

  #workloadsOf({ selector }: Budget): readonly Workload[] {
    const [label] = Object.entries(selector);
    return label ? this.#workloadIndex.with(this.workloads, ...label) : this.workloads;
  }

  /** One budget becomes another, if it is there. */
  changeBudget(budget: Budget, changed: Budget): void {
    this.budgets = this.budgets.map((one) => (one === budget ? changed : one));
  }

  /** The eviction API: `blocked` if a PodDisruptionBudget allows no disruption now, `several` if several apply. */
  evict(pod: Pod): 'accepted' | 'blocked' | 'several' {
    const answer = permit(this, pod);
    if (answer === 'accepted') this.deletePod(pod);
    return answer;
  }

  deletePod(pod: Pod): void {
    this.pods.change(pod, { deletedAt: pod.deletedAt ?? this.clock.now() + terminateWork / this.clock.scale });
    this.tick();
  }

  /** Gives a workload another image: its pods are replaced. */
  updateImage(name: string, image: string): void {
    const workload = this.workloads.find((one) => one.name === name && one.namespace === 'kube-system');
    if (!workload || workload.image === image) return;
    const old = [...this.pods.of(workload)];
    workload.image = image;
    if (workload.shape) workload.shape = { ...workload.shape, images: [image, ...workload.shape.images.slice(1)] };
    delete workload.owner;
    for (const pod of old) this.deletePod(pod);
  }

  /** The minor of the oldest API server. */
  lowestServer(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { staticPods } of this.#planes) {
      const image = staticPods.get('kube-apiserver')?.image;
      if (image !== undefined) lowest = Math.min(lowest, minorOfImage(image));
    }
    return lowest;
  }
}

const minorsOfImages = new Map<string, number>();

/** 31 of `registry.k8s.io/kube-apiserver:v1.31.9`; few images are asked for, of each node of a list. */
function minorOfImage(image: string): number {
  let minor = minorsOfImages.get(image);
  if (minor === undefined) minorsOfImages.set(image, (minor = minorNumber(image.replace(/^.*:v/, ''))));
  return minor;
}
