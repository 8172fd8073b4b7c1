import type { Expression, PodShape } from './pod-shape.ts';
import { findMinor, imagesOf, minorOf } from './releases.ts';

export const workloadOptions = [
  'naked',
  'emptydir',
  'blocked-pdb',
  'late-pdb',
  'two-pdbs',
  'too-big',
  'together',
  'finalizer',
  'orphan',
  'foreign-daemonset',
  'unsynced-pdb',
  'volumes',
  'stuck-volume',
] as const;
export type WorkloadOption = (typeof workloadOptions)[number];

export interface Workload {
  /** `Other`: a controller that makes a pod anew where one is missing, whatever it is. */
  readonly kind: 'Deployment' | 'DaemonSet' | 'StatefulSet' | 'Other';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** API group of a DaemonSet; default: apps. */
  readonly group?: string;
  /** Of a Deployment. */
  readonly replicas: number;
  image: string;
  readonly emptyDir: boolean;
  readonly toleratesControlPlane: boolean;
  /** Default: {@link smallRequests}. */
  readonly requests?: Requests;
  /** The scheduler puts its pods on as few nodes as it can. */
  readonly packed?: true;
  /** Each pod has a volume of a CSI driver: it is detached some time after the pod, or never. */
  readonly volumes?: 'detach' | 'stay';
  /** Of its pods: they are never removed, so that a deleted pod stays. */
  readonly finalizers?: readonly string[];
  /** What its pods are like; the lab's own are all alike. */
  shape?: PodShape;
  /** The owner that its next pods name; undefined: it follows from kind and name. */
  owner?: PodOwner;
  /** Of a DaemonSet: the nodes that it wants a pod on; undefined: all. */
  readonly nodes?: ReadonlySet<string>;
}

/** The controller in a pod's ownerReferences. */
export interface PodOwner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** cpu in thousandths, memory in Mi. */
export interface Requests {
  readonly cpu: number;
  readonly memory: number;
}
export const smallRequests: Requests = { cpu: 50, memory: 32 };
/** What pods may ask for on a node of the lab. */
export const allocatable: Requests = { cpu: 4000, memory: 15900 };

/** A PodDisruptionBudget. */
export interface Budget {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly expressions?: readonly Expression[];
  /** It has no selector at all: it covers no pod. */
  readonly matchesNothing?: true;
  /** A number, or a share such as `50%`. */
  readonly minAvailable?: number | string;
  readonly maxUnavailable?: number | string;
  /** spec.unhealthyPodEvictionPolicy is AlwaysAllow. */
  readonly freesUnhealthy?: true;
  /** What the disruption controller has seen last; undefined: {@link generation}. */
  readonly observedGeneration?: number;
  /** With the first of its pods that goes it is changed to allow none. */
  readonly late?: true;
  readonly generation?: number;
  /** Why the disruption controller cannot compute it: it allows nothing. */
  readonly syncFailed?: string;
}

export interface WorkloadSet {
  readonly workloads: Workload[];
  readonly budgets: Budget[];
  readonly naked: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    /** Its owner, which is gone. */
    readonly workload?: Workload;
  }[];
}

/** What every lab runs: all of it can be drained without further flags than --ignore-daemonsets. */
export function defaultWorkloads(version: string, workers: number): WorkloadSet {
  const images = imagesOf(version);
  return {
    workloads: [
      daemonSet('kube-system', 'kube-proxy', { 'k8s-app': 'kube-proxy' }, images['kube-proxy'] ?? ''),
      daemonSet('kube-flannel', 'kube-flannel-ds', { app: 'flannel' }, 'ghcr.io/flannel-io/flannel:v0.26.1'),
      daemonSet('demo', 'agent', { app: 'agent' }, 'registry.example.com/agent:1'),
      {
        kind: 'Deployment',
        namespace: 'kube-system',
        name: 'coredns',
        labels: { 'k8s-app': 'kube-dns' },
        replicas: 2,
        image: images['coredns'] ?? `registry.k8s.io/coredns/coredns:v${findMinor(minorOf(version))?.coredns ?? ''}`,
        emptyDir: false,
        toleratesControlPlane: true,
      },
      deployment('web', Math.min(3, Math.max(1, workers))),
    ],
    budgets: [{ namespace: 'demo', name: 'web', selector: { app: 'web' }, maxUnavailable: 1 }],
    naked: [],
  };
}

export function extraWorkloads(options: readonly WorkloadOption[], workers: number): WorkloadSet {
  const workloads: Workload[] = [];
  const budgets: Budget[] = [];
  if (options.includes('emptydir'))
    workloads.push({ ...deployment('scratch', Math.min(2, Math.max(1, workers))), emptyDir: true });
  if (options.includes('blocked-pdb')) {
    const replicas = Math.min(2, Math.max(1, workers));
    workloads.push(deployment('single', replicas));
    budgets.push({ namespace: 'demo', name: 'single', selector: { app: 'single' }, minAvailable: replicas });
  }
  const each = Math.max(1, workers);
  if (options.includes('late-pdb')) {
    workloads.push(deployment('late', 2 * each));
    budgets.push({ namespace: 'demo', name: 'late', selector: { app: 'late' }, maxUnavailable: 1, late: true });
  }
  if (options.includes('two-pdbs')) {
    workloads.push(deployment('twice', each));
    const covers = { namespace: 'demo', selector: { app: 'twice' }, maxUnavailable: 1 };
    budgets.push({ ...covers, name: 'twice' }, { ...covers, name: 'twice-again' });
  }
  if (options.includes('too-big'))
    workloads.push({ ...deployment('big', each), requests: { cpu: 3000, memory: 1024 } });
  if (options.includes('together')) workloads.push({ ...deployment('pair', 2), packed: true });
  if (options.includes('finalizer'))
    workloads.push({ ...deployment('stays', each), finalizers: ['example.com/protect'] });
  if (options.includes('foreign-daemonset')) {
    workloads.push({
      ...daemonSet('demo', 'kruise', { app: 'kruise' }, 'example.com/kruise:1'),
      group: 'apps.kruise.io',
    });
  }
  if (options.includes('unsynced-pdb')) {
    workloads.push(deployment('unscaled', each));
    const syncFailed = 'widgets.example.com does not implement the scale subresource';
    budgets.push({ namespace: 'demo', name: 'unscaled', selector: { app: 'unscaled' }, minAvailable: 0, syncFailed });
  }
  if (options.includes('volumes')) workloads.push({ ...deployment('store', each), volumes: 'detach' });
  if (options.includes('stuck-volume')) workloads.push({ ...deployment('held', each), volumes: 'stay' });
  const gone = daemonSet('demo', 'gone', { app: 'gone' }, 'registry.example.com/gone:1');
  return {
    workloads,
    budgets,
    naked: [
      ...(options.includes('naked') ? [{ namespace: 'demo', name: 'naked', labels: { app: 'naked' } }] : []),
      ...(options.includes('orphan')
        ? [{ namespace: 'demo', name: 'gone-x7k2p', labels: gone.labels, workload: gone }]
        : []),
    ],
  };
}

function daemonSet(namespace: string, name: string, labels: Record<string, string>, image: string): Workload {
  return {
    kind: 'DaemonSet',
    namespace,
    name,
    labels,
    replicas: 0,
    image,
    emptyDir: false,
    toleratesControlPlane: true,
  };
}

function deployment(name: string, replicas: number): Workload {
  return {
    kind: 'Deployment',
    namespace: 'demo',
    name,
    labels: { app: name },
    replicas,
    image: `registry.example.com/${name}:1`,
    emptyDir: false,
    toleratesControlPlane: false,
  };
}
