import { adminConf } from './admin-conf.ts';
import { apiServerEndpoints } from './api-server-endpoints.ts';
import { apiServers } from './api-servers.ts';
import { binaries } from './binaries.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { configFiles } from './config-files.ts';
import { coreDns } from './core-dns.ts';
import { deprecatedApis } from './deprecated-apis.ts';
import { disk } from './disk.ts';
import { etcd } from './etcd.ts';
import { etcdHost } from './etcd-host.ts';
import { kernel } from './kernel.ts';
import { kubeProxyConfig } from './kube-proxy-config.ts';
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
import { proxyVariables } from './proxy-variables.ts';
import { reboot } from './reboot.ts';
import { repository } from './repository.ts';
import { repositoryKeys } from './repository-keys.ts';
import { runtime } from './runtime.ts';
import { staticPods } from './static-pods.ts';
import { volumeAttachments } from './volume-attachments.ts';
import { webhooks } from './webhooks.ts';

/** Every fact of a node. A new one is a file and a line here. */
export const nodeFacts = {
  os,
  machine,
  packages,
  repository,
  offered,
  binaries,
  staticPods,
  proxyVariables,
  kubelet,
  reboot,
  osUpdates,
  prefetched,
  certificates,
  adminConf,
  deprecatedApis,
  manifests,
  configFiles,
  disk,
  packageState,
  repositoryKeys,
  kubeletSetup,
  kernel,
  clock,
  etcdHost,
  runtime,
};

/** Every fact of the cluster. */
export const clusterFacts = {
  nodes,
  apiServerEndpoints,
  apiServers,
  pods,
  pdbs,
  kubeadmConfig,
  kubeProxy,
  leases,
  etcd,
  coreDns,
  webhooks,
  volumeAttachments,
  kubeletConfig,
  kubeProxyConfig,
};
