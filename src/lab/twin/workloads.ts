import type { Pod } from '../pods.ts';
import type { Machine, StaticPod } from '../machine.ts';
import { type Bond, bonds, type PodShape } from '../pod-shape.ts';
import type { Budget, PodOwner, Workload } from '../workloads.ts';
import type { TwinClusterFacts, TwinPod } from './document.ts';
import type { TwinTime } from './time.ts';

/** Labels by which controllers tell their own pods apart: the next pod has others. */
const ofOnePod =
  /^(pod-template-hash|controller-revision-hash|pod-template-generation|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index)$/;

export interface Content {
  /** Also those that no longer exist, whose pods are left. */
  readonly workloads: Workload[];
  readonly pods: Pod[];
}

/** The pods, and the controllers that would make each of them anew. */
export function contentOf(
  { pods = [], coreDns }: TwinClusterFacts,
  nodes: ReadonlySet<string>,
  time: TwinTime,
): Content {
  const workloads = new Map<string, Workload>();
  const own = pods.filter(({ mirror }) => !mirror);
  const groups = grouped(own);
  for (const [key, all] of groups) if (key !== '') workloads.set(key, workloadOf(all, nodes));
  if (coreDns?.image !== undefined && !has(workloads, 'coredns'))
    workloads.set('coredns', bareCoreDns(coreDns.image, coreDns.rollout?.desired ?? 0));
  return {
    workloads: [...workloads.values()].filter((one) => !isGone(groups, workloads, one)),
    pods: own.map((pod) => podOf(pod, workloads.get(keyOf(pod)), time)),
  };
}

function grouped(pods: readonly TwinPod[]): Map<string, TwinPod[]> {
  const groups = new Map<string, TwinPod[]>();
  for (const pod of pods) {
    const key = keyOf(pod);
    const list = groups.get(key) ?? [];
    list.push(pod);
    groups.set(key, list);
  }
  return groups;
}

function has(workloads: ReadonlyMap<string, Workload>, name: string): boolean {
  return [...workloads.values()].some((one) => one.name === name && one.namespace === 'kube-system');
}

/** Of what makes a pod anew; empty: nothing does. A Deployment's ReplicaSets are one. */
function keyOf(pod: TwinPod): string {
  const { controller, namespace } = pod;
  if (!controller) return '';
  return `${namespace}/${controller.kind}/${controller.group ?? ''}/${nameOf(pod)}`;
}

/** The Deployment's name, where its ReplicaSet ends in the hash of its template. */
function nameOf({ controller, labels }: TwinPod): string {
  const hash = labels['pod-template-hash'];
  const { kind = '', name = '' } = controller ?? {};
  return kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)
    ? name.slice(0, -hash.length - 1)
    : name;
}

function workloadOf(pods: readonly TwinPod[], nodes: ReadonlySet<string>): Workload {
  const present = pods.filter((pod) => !hasEnded(pod) && !pod.deleting);
  // The newest template is that of the most pods, as far as can be seen.
  const [first] = present.length > 0 ? present : pods;
  if (!first) throw new RangeError('a controller without pods');
  const { kind = '', group } = first.controller ?? {};
  const on = new Set(pods.flatMap(({ node }) => node ?? []));
  const shape = shapeOf(first);
  return {
    kind: kind === 'ReplicaSet' ? 'Deployment' : kind === 'DaemonSet' || kind === 'StatefulSet' ? kind : 'Other',
    namespace: first.namespace,
    name: nameOf(first),
    labels: Object.fromEntries(Object.entries(first.labels).filter(([name]) => !ofOnePod.test(name))),
    replicas: present.length,
    image: first.images[0] ?? '',
    emptyDir: first.emptyDirs.length > 0,
    toleratesControlPlane: false,
    shape,
    owner: ownerOf(first),
    ...(group !== undefined && kind === 'DaemonSet' ? { group } : {}),
    ...(kind === 'DaemonSet' && [...nodes].some((name) => !on.has(name)) ? { nodes: on } : {}),
    ...(first.finalizers ? { finalizers: first.finalizers } : {}),
  };
}

const apiVersions: Readonly<Record<string, string>> = {
  ReplicaSet: 'apps/v1',
  DaemonSet: 'apps/v1',
  StatefulSet: 'apps/v1',
  Job: 'batch/v1',
  ReplicationController: 'v1',
};

function ownerOf({ controller }: TwinPod): PodOwner {
  const { kind = '', name = '', group } = controller ?? {};
  const apiVersion = group === undefined ? (apiVersions[kind] ?? 'example.com/v1') : `${group}/v1`;
  return { apiVersion: apiVersion.replace(/^\//, ''), kind, name };
}

function bareCoreDns(image: string, replicas: number): Workload {
  const labels = { 'k8s-app': 'kube-dns' };
  return {
    kind: 'Deployment',
    namespace: 'kube-system',
    name: 'coredns',
    labels,
    replicas,
    image,
    emptyDir: false,
    toleratesControlPlane: true,
  };
}

/** A DaemonSet that the API does not have any more. */
function isGone(
  groups: ReadonlyMap<string, readonly TwinPod[]>,
  workloads: ReadonlyMap<string, Workload>,
  workload: Workload,
): boolean {
  if (workload.kind !== 'DaemonSet' || workload.group !== undefined) return false;
  const [key = ''] = [...workloads].find(([, one]) => one === workload) ?? [];
  return !(groups.get(key) ?? []).some(({ controller }) => controller?.exists === true);
}

function hasEnded({ phase }: TwinPod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

export function shapeOf(pod: TwinPod): PodShape {
  const { images, requests = {}, emptyDirs, tolerations, nodeSelector, nodeAffinity, bound = [] } = pod;
  return {
    images,
    requests,
    emptyDirs,
    bound: bound.filter((bond): bond is Bond => bonds.some((known) => known === bond)),
    ...(tolerations ? { tolerations } : {}),
    ...(nodeSelector ? { nodeSelector } : {}),
    ...(nodeAffinity ? { nodeAffinity } : {}),
  };
}

const day = 86_400_000;

function podOf(pod: TwinPod, workload: Workload | undefined, time: TwinTime): Pod {
  const createdAt = time.now - day;
  const deletedAt = pod.deletedAt === undefined ? undefined : Date.parse(pod.deletedAt) + time.shift;
  return {
    namespace: pod.namespace,
    name: pod.name,
    labels: pod.labels,
    ...(workload ? { workload, owner: ownerOf(pod) } : {}),
    image: pod.images[0] ?? '',
    emptyDir: pod.emptyDirs.length > 0,
    createdAt,
    ...(pod.node === undefined ? { waits: true as const } : { node: pod.node }),
    readyAt: pod.ready ? createdAt : Infinity,
    restarts: pod.restarts,
    shape: shapeOf(pod),
    ...(pod.phase === 'Running' ? {} : { phase: pod.phase }),
    ...(pod.finalizers ? { finalizers: pod.finalizers } : {}),
    ...(deletedAt === undefined ? {} : { deletedAt, ...(deletedAt <= time.now ? { stuck: true as const } : {}) }),
  };
}

/**
 * Mirror pods are what their machines' static pods show. One that is not ready may serve all the same: a kubelet finds
 * out only when it probes it, for the first time seconds after its start.
 */
export function writeMirrors(
  { pods = [] }: TwinClusterFacts,
  { now }: TwinTime,
  machineOf: (node: string) => Machine | undefined,
): void {
  for (const pod of pods) {
    const machine = pod.mirror && pod.node !== undefined ? machineOf(pod.node) : undefined;
    if (!machine) continue;
    const name = pod.name.endsWith(`-${machine.name}`) ? pod.name.slice(0, -machine.name.length - 1) : pod.name;
    const image = pod.images[0] ?? '';
    const { bootedAt } = machine;
    const known = machine.staticPods.get(name) ?? { hash: '0', startedAt: bootedAt, readyAt: bootedAt };
    machine.staticPods.set(name, {
      ...known,
      image,
      restarts: pod.restarts,
      shape: shapeOf(pod),
      labels: pod.labels,
      ...(pod.ready ? {} : unready(machine, name, now)),
    });
    machine.pulledImages.add(image);
  }
}

/** Milliseconds after which a kubelet has probed what serves: kubeadm's probes wait 10 s, and come each 10 s. */
const probed = 30_000;
/** Milliseconds that kubeadm's startup probe gives a component, and its start: 10 s, then 24 times 10 s. */
const mayStart = 300_000;

/** How a static pod stands whose mirror is not ready. */
function unready(machine: Machine, component: string, now: number): Partial<StaticPod> {
  return mayServe(machine, component, now) ? { shownReadyAt: now + probed } : { readyAt: Infinity };
}

/** The API and etcd are asked themselves, and say of themselves where they do not answer. */
function mayServe({ bootedAt, etcd }: Machine, component: string, now: number): boolean {
  if (component === 'kube-apiserver') return true;
  if (component === 'etcd') return !etcd.dead;
  return now - bootedAt < mayStart;
}

export function budgetsOf({ pdbs = [] }: TwinClusterFacts): Budget[] {
  return pdbs.map((pdb) => {
    const { matchesNothing, matchLabels, matchExpressions } = pdb.selector;
    return {
      namespace: pdb.namespace,
      name: pdb.name,
      selector: matchLabels,
      generation: pdb.generation,
      observedGeneration: pdb.observedGeneration,
      ...(matchExpressions.length > 0 ? { expressions: matchExpressions } : {}),
      ...(matchesNothing ? { matchesNothing: true as const } : {}),
      ...(pdb.minAvailable === undefined ? {} : { minAvailable: share(pdb.minAvailable) }),
      ...(pdb.maxUnavailable === undefined ? {} : { maxUnavailable: share(pdb.maxUnavailable) }),
      ...(pdb.freesUnhealthy ? { freesUnhealthy: true as const } : {}),
      ...(pdb.syncFailed === undefined ? {} : { syncFailed: pdb.syncFailed }),
    };
  });
}

function share(text: string): number | string {
  return text.endsWith('%') ? text : Number(text);
}
