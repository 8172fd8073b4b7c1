import { createHash } from 'node:crypto';
import type { ApiNode } from './api-node.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterExtras } from './cluster-extras.ts';
import type { EtcdStore } from './etcd-state.ts';
import type { Budget, Workload } from './workloads.ts';

/** It grows with the time, as leases are renewed all the time. */
export function revisionOf(cluster: Cluster): number {
  const { revision, since } = cluster.store;
  return revision + Math.max(0, Math.floor(((cluster.clock.now() - since) * cluster.clock.scale) / 1000));
}

/** What a member's file holds: the API's objects at a revision. */
export interface EtcdImage {
  readonly version: 1;
  /** In decimal; the cluster that wrote it. */
  readonly clusterId: string;
  readonly revision: number;
  readonly compacted: number;
  readonly namespaces: readonly string[];
  readonly configMaps: EtcdStore['configMaps'];
  readonly nodes: readonly ApiNode[];
  readonly workloads: readonly Workload[];
  readonly budgets: readonly Budget[];
  readonly extras: ClusterExtras;
  readonly kubernetes: { readonly version: string; readonly kubeProxy: string; readonly coreDns: string };
}

export function imageOf(cluster: Cluster): EtcdImage {
  const { clusterId, compacted, namespaces, configMaps } = cluster.store;
  return structuredClone({
    version: 1,
    clusterId: String(clusterId),
    revision: revisionOf(cluster),
    compacted,
    namespaces,
    configMaps,
    nodes: [...cluster.nodes.values()],
    workloads: cluster.workloads,
    budgets: cluster.budgets,
    extras: cluster.extras,
    kubernetes: { version: cluster.version, kubeProxy: cluster.kubeProxyVersion, coreDns: cluster.coreDnsVersion },
  });
}

/** The API's objects become the image's. Pods of workloads that are gone end; those of workloads that return start. */
export function loadImage(cluster: Cluster, image: EtcdImage): void {
  const { namespaces, configMaps, nodes, workloads, budgets, extras, kubernetes } = structuredClone(image);
  cluster.store = {
    clusterId: BigInt(image.clusterId),
    revision: image.revision,
    since: cluster.clock.now(),
    compacted: image.compacted,
    namespaces: [...namespaces],
    configMaps: [...configMaps],
  };
  cluster.nodes.clear();
  for (const node of nodes) cluster.nodes.set(node.name, node);
  const same = (one: Workload) => (other: Workload) => one.name === other.name && one.namespace === other.namespace;
  const present = [...cluster.workloads];
  const then = workloads.map((workload) => {
    const now = present.find(same(workload));
    return now ? Object.assign(now, workload) : workload;
  });
  cluster.workloads = then;
  cluster.pods.replace(cluster.pods.all.filter(({ workload }) => !workload || then.includes(workload)));
  cluster.budgets = [...budgets];
  cluster.extras = extras;
  cluster.version = kubernetes.version;
  cluster.kubeProxyVersion = kubernetes.kubeProxy;
  cluster.coreDnsVersion = kubernetes.coreDns;
  cluster.tick();
}

const head = 'lab etcd db\n';

/** bbolt's file in the lab: text, and sealed as `snapshot save` does it. */
export function snapshotFile(image: EtcdImage): Buffer {
  const content = Buffer.from(`${head}${JSON.stringify(image)}\n`);
  // etcd's own is a multiple of a page long, and the seal is what makes it 32 bytes more.
  const padded = Buffer.concat([content, Buffer.alloc(512 - (content.length % 512))]);
  return Buffer.concat([padded, digest(padded)]);
}

/** The member's own file, which no seal follows. */
export function dataFile(image: EtcdImage): Buffer {
  return snapshotFile(image).subarray(0, -32);
}

/** `sealed`: its last 32 bytes are the sha256 of all before them; undefined: it has no such end. */
export function readFile(bytes: Uint8Array): { readonly image?: EtcdImage; readonly sealed?: boolean } {
  const buffer = Buffer.from(bytes);
  const isSealed = buffer.length % 512 === 32;
  const content = isSealed ? buffer.subarray(0, -32) : buffer;
  const sealed = isSealed ? { sealed: digest(content).equals(buffer.subarray(-32)) } : {};
  const text = content.toString('utf8').replace(/\0+$/, '');
  if (!text.startsWith(head)) return sealed;
  try {
    return { image: JSON.parse(text.slice(head.length)) as EtcdImage, ...sealed };
  } catch {
    return sealed;
  }
}

/** etcd makes the ids of a cluster from its members' peer URLs and its token. */
export function clusterIdOf(initialCluster: string, token: string): bigint {
  const sorted = initialCluster.split(',').toSorted().join(',');
  return BigInt(`0x${createHash('sha256').update(`${sorted} ${token}`).digest('hex').slice(0, 15)}`);
}

/** How many keys the objects make. */
export function keysOf(image: EtcdImage): number {
  const { namespaces, configMaps, nodes, workloads, budgets } = image;
  return 1500 + namespaces.length + configMaps.length + nodes.length + workloads.length + budgets.length;
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
