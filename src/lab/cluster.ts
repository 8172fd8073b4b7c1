import type { Clock } from './clock.ts';
import { firstStore } from './etcd-state.ts';
import { healthyExtras } from './cluster-extras.ts';
import { hexOf, nameSuffix } from './identity.ts';
import { type Attachment, attachments } from './volumes.ts';
import type { Machine } from './machine.ts';
import { findMinor, minorNumber, minorOf } from './releases.ts';
import { coversPod, hasEnded, hasRoom, permit } from './evictions.ts';
import { LabelIndex } from './label-index.ts';
import { type Feed, Feeds } from './feed.ts';
import { NotedMap } from './noted-map.ts';
import { type Pod, Pods } from './pods.ts';
import { fits } from './pod-shape.ts';
import type { Budget, Workload, WorkloadSet } from './workloads.ts';

export interface Taint {
  readonly key: string;
  readonly effect: string;
  readonly value?: string;
}

/** Another object where anything of it changes. */
export interface ApiNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly taints: readonly Taint[];
  /** What is known of it beside its machine's own. */
  readonly reported?: ReportedNode;
}

/** What a Node object shows, where that is not what its machine is. */
export interface ReportedNode {
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  /** What pods may ask for: cpu in thousandths, all else in units. */
  readonly allocatable?: Readonly<Record<string, number>>;
  readonly machineId: string;
  readonly systemUuid: string;
  /** Why it is not Ready, until its kubelet starts again after `since`. */
  readonly trouble?: { readonly reason: string; readonly message: string; readonly since: number };
}

export interface NodeCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly kubeletVersion: string;
}

export interface BudgetStatus {
  readonly healthy: number;
  readonly desired: number;
  readonly expected: number;
  readonly allowed: number;
}

/** Times in milliseconds of simulated work. */
const registerWork = 1000;
const readyWork = 2000;
const terminateWork = 700;
const startWork = 800;
const lostWork = 40_000;
const leaseInterval = 10_000;
/** After which a kubelet reports a status in which nothing is new (nodeStatusReportFrequency). */
const reportInterval = 300_000;

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

/** The API's objects and the controllers that act on them. Time-dependent state is worked out when it is asked for. */
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
  readonly #news = this.pods.feed();
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

  /** Undefined: all. */
  #due: Due | undefined;
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
    const news = this.#news.take();
    const due = news && this.#due?.isOf(this) ? this.#control(this.#due, news, now) : this.#controlAll(now);
    for (const pod of due.waiting) if (this.#schedule(pod, now)) due.waiting.delete(pod);
    // What they did themselves is nothing new to them.
    this.#news.take();
    if (!due.hasVolumes && this.attachments.length === 0) return;
    this.attachments = attachments(this.attachments, this.pods.all, { now, scale: this.clock.scale }, (node) =>
      this.#kubeletRuns(node),
    );
  }

  #controlAll(now: number): Due {
    const due = new Due(this);
    for (const pod of this.pods.all) due.note(pod);
    this.#due = due;
    return this.#control(due, new Set(), now, this.workloads);
  }

  /** @param touched whose pods may be too few */
  #control(due: Due, news: ReadonlySet<Pod>, now: number, touched: Iterable<Workload> = []): Due {
    const workloads = new Set(touched);
    for (const pod of news) {
      due.forget(pod);
      if (this.pods.has(pod)) due.note(pod);
      if (pod.workload && this.workloads.includes(pod.workload)) workloads.add(pod.workload);
    }
    for (const pod of due.ending)
      if (this.#isOver(pod, now)) {
        due.forget(pod);
        this.pods.remove(pod);
      }
    for (const workload of workloads) this.#reconcile(workload, now);
    for (const pod of this.#news.take() ?? []) if (this.pods.has(pod)) due.note(pod);
    return due;
  }

  /** A kubelet that is down ends no pod. */
  #isOver({ deletedAt, finalizers = [], node, stuck }: Pod, now: number): boolean {
    if (deletedAt === undefined || deletedAt > now || finalizers.length > 0 || stuck === true) return false;
    return node === undefined || !this.nodes.has(node) || this.#kubeletRuns(node);
  }

  #kubeletRuns(node: string): boolean {
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
    this.#due = undefined;
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

  /** What the API shows of a node: the kubelet's last word, or that it went silent. */
  condition(machine: Machine): NodeCondition {
    const { kubelet } = machine;
    const trouble = this.nodes.get(machine.name)?.reported?.trouble;
    if (trouble && kubelet.startedAt <= trouble.since)
      return condition(
        trouble.reason === 'NodeStatusUnknown' ? 'Unknown' : 'False',
        trouble.reason,
        trouble.message,
        kubelet.version,
      );
    const silentSince = machine.up
      ? kubelet.stoppedAt
      : Math.min(kubelet.stoppedAt ?? Number.POSITIVE_INFINITY, this.clock.now());
    const age = (this.clock.now() - kubelet.startedAt) * this.clock.scale;
    if (silentSince !== undefined && (this.clock.now() - silentSince) * this.clock.scale >= lostWork)
      return condition('Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.', kubelet.version);
    if (age < registerWork)
      return kubelet.previouslyReady
        ? condition('True', 'KubeletReady', 'kubelet is posting ready status', kubelet.previousVersion)
        : condition('False', 'KubeletNotReady', 'kubelet has not registered yet', kubelet.previousVersion);
    if (age < readyWork && kubelet.startedAt !== machine.bootedAt)
      return condition(
        'False',
        'KubeletNotReady',
        'container runtime status check may not have completed yet',
        kubelet.version,
      );
    if (machine.services.get('containerd')?.active !== 'active')
      return condition('False', 'KubeletNotReady', 'container runtime is down', kubelet.version);
    if (this.#tooNew(kubelet.version))
      return condition(
        'False',
        'KubeletNotReady',
        'services have not yet been read at least once, cannot construct envvars',
        kubelet.version,
      );
    return condition('True', 'KubeletReady', 'kubelet is posting ready status', kubelet.version);
  }

  /** Until when (milliseconds since the epoch) nothing of that changes by itself. */
  steadyUntil({ kubelet, up }: Machine): number {
    const now = this.clock.now();
    if (!up) return now;
    const { startedAt, stoppedAt = Number.POSITIVE_INFINITY } = kubelet;
    const works = [startedAt + registerWork / this.clock.scale, startedAt + readyWork / this.clock.scale];
    const ends = [...works, stoppedAt + lostWork / this.clock.scale].filter((end) => end > now);
    return Math.min(Number.POSITIVE_INFINITY, ...ends);
  }

  /** Milliseconds since the epoch of the last renewal of a node's Lease. */
  leaseRenewedAt(machine: Machine): number {
    return this.#lastOf(machine, leaseInterval);
  }

  /** The same of the last report of the node's status. */
  reportedAt(machine: Machine): number {
    return this.#lastOf(machine, reportInterval);
  }

  /** Of what a kubelet does again and again, from its registration on. */
  #lastOf(machine: Machine, every: number): number {
    const { kubelet } = machine;
    const interval = every / this.clock.scale;
    const first = kubelet.startedAt + registerWork / this.clock.scale;
    const now = machine.up
      ? (kubelet.stoppedAt ?? this.clock.now())
      : Math.min(kubelet.stoppedAt ?? this.clock.now(), this.clock.now());
    if (now < first) return kubelet.startedAt - 1000 / this.clock.scale;
    return first + Math.floor((now - first) / interval) * interval;
  }

  /** A kubelet newer than an API server it may be sent to cannot start pods (kubernetes #127316). */
  #tooNew(kubeletVersion: string): boolean {
    return minorNumber(kubeletVersion) > this.lowestServer();
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

  #reconcile(workload: Workload, now: number): void {
    const pods = this.pods.of(workload).filter((pod) => pod.deletedAt === undefined && !hasEnded(pod));
    if (workload.kind === 'DaemonSet') {
      const there = new Set(pods.map((pod) => pod.node));
      for (const node of wantedNodes(this, workload)) if (!there.has(node)) this.#create(workload, now, node);
      return;
    }
    for (let count = pods.length; count < workload.replicas; count += 1) this.#create(workload, now);
  }

  #create(workload: Workload, now: number, node?: string): void {
    this.podCount += 1;
    const { shape, owner } = workload;
    this.pods.add({
      namespace: workload.namespace,
      ...nameAndLabels(workload, this.podCount, this.pods.of(workload)),
      workload,
      ...(shape ? { shape } : {}),
      ...(owner ? { owner } : {}),
      image: workload.image,
      emptyDir: workload.emptyDir,
      createdAt: now,
      readyAt: node === undefined ? Number.POSITIVE_INFINITY : now + startWork / this.clock.scale,
      restarts: 0,
      ...(workload.finalizers ? { finalizers: workload.finalizers } : {}),
      ...(node === undefined ? {} : { node }),
    });
  }

  /** Whether it has a place now. */
  #schedule(pod: Pod, now: number): boolean {
    if (pod.node !== undefined) return true;
    const alike = new Map<string, number>();
    for (const { node, deletedAt } of this.pods.of(pod.workload))
      if (node !== undefined && deletedAt === undefined) alike.set(node, (alike.get(node) ?? 0) + 1);
    const order = pod.workload?.packed ? -1 : 1;
    let best: { readonly name: string; readonly weight: number } | undefined;
    for (const node of this.nodes.values()) {
      const weight = order * (alike.get(node.name) ?? 0);
      if ((!best || weight < best.weight) && this.#accepts(node, pod)) best = { name: node.name, weight };
    }
    if (!best) return false;
    this.pods.change(pod, { node: best.name, readyAt: now + startWork / this.clock.scale });
    return true;
  }

  #accepts(node: ApiNode, pod: Pod): boolean {
    const machine = this.machineOf(node.name);
    if (
      !machine?.up ||
      node.unschedulable ||
      this.condition(machine).status !== 'True' ||
      !hasRoom(this.pods.reserved(node.name), node, pod)
    )
      return false;
    if (pod.shape) return fits(pod.shape, node);
    return node.taints.every(
      (taint) => pod.workload?.toleratesControlPlane === true && taint.key.startsWith('node-role.kubernetes.io/'),
    );
  }
}

const minorsOfImages = new Map<string, number>();

/** 31 of `registry.k8s.io/kube-apiserver:v1.31.9`; few images are asked for, of each node of a list. */
function minorOfImage(image: string): number {
  let minor = minorsOfImages.get(image);
  if (minor === undefined) minorsOfImages.set(image, (minor = minorNumber(image.replace(/^.*:v/, ''))));
  return minor;
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

function condition(
  status: NodeCondition['status'],
  reason: string,
  message: string,
  kubeletVersion: string,
): NodeCondition {
  return { status, reason, message, kubeletVersion };
}

function apiNode(machine: Machine): ApiNode {
  const labels: Record<string, string> = {
    'beta.kubernetes.io/arch': 'amd64',
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': machine.name,
    'kubernetes.io/os': 'linux',
  };
  return {
    name: machine.name,
    labels,
    annotations: {
      'kubeadm.alpha.kubernetes.io/cri-socket': 'unix:///run/containerd/containerd.sock',
      'node.alpha.kubernetes.io/ttl': '0',
      'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
    },
    unschedulable: false,
    taints: machine.isControlPlane ? [{ key: controlPlaneRole, effect: 'NoSchedule' }] : [],
  };
}

const controlPlaneRole = 'node-role.kubernetes.io/control-plane';

/** As kubeadm does in the end: its kubelet registers with the taint alone. */
export function asControlPlane(node: ApiNode): ApiNode {
  const excluded = 'node.kubernetes.io/exclude-from-external-load-balancers';
  return { ...node, labels: { ...node.labels, [controlPlaneRole]: '', [excluded]: '' } };
}
