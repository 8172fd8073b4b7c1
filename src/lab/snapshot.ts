import type { Service } from './services.ts';
import type { KeptAttempts } from './attempts.ts';
import type { ApiNode } from './api-node.ts';
import type { Pod } from './pods.ts';
import type { ClusterExtras, DeprecatedRequest } from './cluster-extras.ts';
import type { EtcdMemberState, EtcdStore } from './etcd-state.ts';
import type { KubeletProcess, Machine, Package, StaticPod } from './machine.ts';
import type { Budget } from './workloads.ts';
import type { World } from './world.ts';

interface KeptFile {
  readonly mode: number;
  /** Undefined: a folder. */
  readonly content?: Uint8Array;
}

interface KeptMachine {
  readonly files: ReadonlyMap<string, KeptFile>;
  readonly packages: readonly (readonly [string, Package])[];
  readonly installedAt: readonly (readonly [string, number])[];
  readonly aptLists: readonly (readonly [string, ReadonlyMap<string, readonly string[]>])[];
  readonly staticPods: readonly (readonly [string, StaticPod])[];
  readonly pulledImages: readonly string[];
  readonly kubelet: KubeletProcess;
  readonly etcd: EtcdMemberState;
  readonly deprecatedRequests: readonly DeprecatedRequest[];
  readonly bootId: string;
  readonly bootedAt: number;
  readonly binaryChangedAt: number;
  readonly rebooted: boolean;
  readonly dpkgLocked: boolean;
  readonly clockAhead: number;
  readonly isControlPlane: boolean;
  readonly containerRuntime: string;
  readonly services: readonly (readonly [string, Service])[];
  readonly attempts: KeptAttempts;
}

/** A world in which nothing runs, kept so that others can continue from there, without its audit log. */
export interface Snapshot {
  readonly machines: readonly KeptMachine[];
  readonly nodes: readonly ApiNode[];
  readonly pods: readonly (Pod & { readonly workloadIndex: number })[];
  readonly images: readonly string[];
  readonly budgets: readonly Budget[];
  readonly extras: ClusterExtras;
  readonly store: EtcdStore;
  readonly version: string;
  readonly kubeProxyVersion: string;
  readonly coreDnsVersion: string;
  readonly podCount: number;
}

/** Made again by each reader, or by the shell itself. */
const notKept = /^\/(dev|bin|usr\/bin|proc\/uptime|proc\/self)(\/|$)/;

/** @throws Error while a machine is down or runs something */
export async function takeSnapshot(world: World): Promise<Snapshot> {
  const { cluster } = world;
  cluster.tick();
  return {
    machines: await Promise.all(world.machines.map(keepMachine)),
    nodes: [...cluster.nodes.values()].map((node) => structuredClone(node)),
    pods: cluster.pods.all.map((pod) => ({
      ...pod,
      workloadIndex: pod.workload ? cluster.workloads.indexOf(pod.workload) : -1,
    })),
    images: cluster.workloads.map((workload) => workload.image),
    budgets: structuredClone(cluster.budgets),
    extras: structuredClone(cluster.extras),
    store: structuredClone(cluster.store),
    version: cluster.version,
    kubeProxyVersion: cluster.kubeProxyVersion,
    coreDnsVersion: cluster.coreDnsVersion,
    podCount: cluster.podCount,
  };
}

async function keepMachine(machine: Machine): Promise<KeptMachine> {
  if (!machine.up || machine.running.size > 0) throw new Error(`${machine.name} is not at rest`);
  const { kubelet, bootId, bootedAt, binaryChangedAt, rebooted, dpkgLocked, clockAhead, containerRuntime } = machine;
  const { isControlPlane } = machine;
  return {
    files: await keepFiles(machine),
    packages: [...machine.packages].map(([name, one]) => [name, { ...one }] as const),
    installedAt: [...machine.installedAt],
    aptLists: [...machine.aptLists],
    staticPods: [...machine.staticPods].map(([name, pod]) => [name, { ...pod }] as const),
    pulledImages: [...machine.pulledImages],
    kubelet: { ...kubelet },
    etcd: structuredClone(machine.etcd),
    deprecatedRequests: [...machine.deprecatedRequests],
    bootId,
    bootedAt,
    binaryChangedAt,
    rebooted,
    dpkgLocked,
    clockAhead,
    isControlPlane,
    containerRuntime,
    services: [...structuredClone(machine.services)],
    attempts: machine.attempts.keep(),
  };
}

/** Every file of a machine that its scripts may have changed, by path. */
export async function keepFiles(machine: Machine): Promise<Map<string, KeptFile>> {
  const files = new Map<string, KeptFile>();
  for (const path of machine.fs.getAllPaths()) {
    if (notKept.test(path)) continue;
    const stat = await machine.fs.stat(path);
    const { mode } = stat;
    files.set(path, stat.isDirectory ? { mode } : { mode, content: await machine.fs.readFileBuffer(path) });
  }
  return files;
}

/** Makes a new world of the same size, at the same time, what the kept one was. */
export async function restoreSnapshot(world: World, snapshot: Snapshot): Promise<void> {
  const { cluster } = world;
  for (const [index, machine] of world.machines.entries()) {
    const kept = snapshot.machines[index];
    if (!kept) throw new Error(`the snapshot has no ${machine.name}`);
    await restoreMachine(machine, kept);
  }
  cluster.nodes.clear();
  for (const node of snapshot.nodes) cluster.nodes.set(node.name, structuredClone(node));
  for (const [index, workload] of cluster.workloads.entries()) workload.image = snapshot.images[index] ?? '';
  const pods = snapshot.pods.map(({ workloadIndex, ...kept }) => {
    const { workload: _, ...pod } = kept;
    const workload = cluster.workloads[workloadIndex];
    return { ...pod, ...(workload ? { workload } : {}) };
  });
  cluster.pods.replace(pods);
  cluster.budgets = structuredClone(snapshot.budgets);
  cluster.extras = structuredClone(snapshot.extras);
  cluster.store = structuredClone(snapshot.store);
  cluster.version = snapshot.version;
  cluster.kubeProxyVersion = snapshot.kubeProxyVersion;
  cluster.coreDnsVersion = snapshot.coreDnsVersion;
  cluster.podCount = snapshot.podCount;
}

async function restoreMachine(machine: Machine, kept: KeptMachine): Promise<void> {
  const { kubelet, bootId, bootedAt, binaryChangedAt, rebooted, dpkgLocked, clockAhead, containerRuntime } = kept;
  const { isControlPlane } = kept;
  Object.assign(machine, {
    etcd: structuredClone(kept.etcd),
    deprecatedRequests: [...kept.deprecatedRequests],
    kubelet: { ...kubelet },
    bootId,
    bootedAt,
    binaryChangedAt,
    rebooted,
    dpkgLocked,
    clockAhead,
    isControlPlane,
    containerRuntime,
  });
  refill(
    machine.packages,
    kept.packages.map(([name, one]) => [name, { ...one }] as const),
  );
  refill(machine.services, structuredClone(kept.services));
  refill(machine.installedAt, kept.installedAt);
  refill(machine.aptLists, kept.aptLists);
  refill(
    machine.staticPods,
    kept.staticPods.map(([name, pod]) => [name, { ...pod }] as const),
  );
  for (const image of kept.pulledImages) machine.pulledImages.add(image);
  machine.attempts.restore(kept.attempts);
  // Manifests that are put back are no news to the kubelet: its pods are put back with them.
  const { syncPods } = machine;
  delete machine.syncPods;
  await restoreFiles(machine, kept.files);
  if (syncPods) machine.syncPods = syncPods;
}

async function restoreFiles(machine: Machine, files: ReadonlyMap<string, KeptFile>): Promise<void> {
  const present = await keepFiles(machine);
  for (const path of present.keys()) if (!files.has(path)) await machine.fs.rm(path, { recursive: true, force: true });
  for (const [path, file] of files) {
    const now = present.get(path);
    if (now && now.mode === file.mode && same(now.content, file.content)) continue;
    if (file.content === undefined) await machine.fs.mkdir(path, { recursive: true });
    else await machine.fs.writeFile(path, file.content);
    await machine.fs.chmod(path, file.mode);
  }
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}

function refill<T>(map: Map<string, T>, entries: readonly (readonly [string, T])[]): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}
