import { adminConf } from './admin-conf.ts';
import { binaries } from './binaries.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { coreDns } from './core-dns.ts';
import { deprecatedApis } from './deprecated-apis.ts';
import { disk } from './disk.ts';
import { etcd } from './etcd.ts';
import { etcdHost } from './etcd-host.ts';
import type { Fact } from './fact.ts';
import type { ClusterFactId, ClusterFacts, NodeFactId, NodeFacts } from './facts.ts';
import { kernel } from './kernel.ts';
import { kubeProxy } from './kube-proxy.ts';
import { kubeadmConfig } from './kubeadm-config.ts';
import { kubelet } from './kubelet.ts';
import { kubeletConfig } from './kubelet-config.ts';
import { kubeletSetup } from './kubelet-setup.ts';
import { leases } from './leases.ts';
import { machine } from './machine.ts';
import { manifests } from './manifests.ts';
import { nodes } from './nodes.ts';
import { offered } from './offered.ts';
import { os } from './os.ts';
import { osUpdates } from './os-updates.ts';
import { packageState } from './package-state.ts';
import { packages } from './packages.ts';
import { pdbs } from './pdbs.ts';
import { pods } from './pods.ts';
import { prefetched } from './prefetched.ts';
import { reboot } from './reboot.ts';
import { repository } from './repository.ts';
import { repositoryKeys } from './repository-keys.ts';
import { staticPods } from './static-pods.ts';
import { webhooks } from './webhooks.ts';

export type NodeFactRegistry = { readonly [K in NodeFactId]: Fact<NonNullable<NodeFacts[K]>> };
export type PlainClusterFactId = Exclude<ClusterFactId, 'apiServers'>;
export type ClusterFactRegistry = { readonly [K in PlainClusterFactId]: Fact<NonNullable<ClusterFacts[K]>> };

/** Every fact of a node. A new one is a file and a line here. */
export const nodeFacts: NodeFactRegistry = {
  os,
  machine,
  packages,
  repository,
  offered,
  binaries,
  staticPods,
  kubelet,
  reboot,
  osUpdates,
  prefetched,
  certificates,
  adminConf,
  deprecatedApis,
  manifests,
  disk,
  packageState,
  repositoryKeys,
  kubeletSetup,
  kernel,
  clock,
  etcdHost,
};

/** Every fact of the cluster that one command reads; `apiServers` takes two, see read.ts. */
export const clusterFacts: ClusterFactRegistry = {
  nodes,
  pods,
  pdbs,
  kubeadmConfig,
  kubeProxy,
  leases,
  etcd,
  coreDns,
  webhooks,
  kubeletConfig,
};
