import type { ClusterFactId, NodeFactId } from '../../facts/facts.ts';
import {
  annotationValue,
  hex,
  image,
  keep,
  labelKey,
  labelValue,
  name,
  NAMESPACES,
  owner,
  pod,
  resource,
  text,
  version,
  volume,
} from './kinds.ts';
import { type Policy, record, recordBy, struct } from './walk.ts';

const node = name('node');
const namespace = name('ns', NAMESPACES);
const labels = record(labelKey, labelValue);
const expressions = struct({ key: labelKey, operator: text, values: labelValue });
const selector = struct({ matchLabels: labels, matchExpressions: expressions });
const flags = struct({ file: text, name: keep, value: text });
const gates = record(keep, text);
const environment = struct({ name: text, value: text });
const kubeletConfiguration = {
  featureGates: gates,
  settings: record(text, text),
  failCgroupV1: text,
  failSwapOn: text,
} as const;
const container = {
  flags,
  volumes: volume,
  sidecars: name('container'),
  image,
  env: environment,
  envs: environment,
  fields: record(text, text),
} as const;
const source = struct({
  format: text,
  section: struct({ id: text }),
  minor: version,
  signedBy: text,
  file: text,
  url: text,
  baseUrl: text,
  channel: text,
});

/** Of each fact of a node. One that is not described here does not compile. */
export const nodePolicies: Readonly<Record<NodeFactId | 'targetKubeadm' | 'software' | 'units', Policy>> = {
  os: struct({ id: text, idLike: text, versionId: version, prettyName: text, packageManager: text }),
  machine: struct({
    hostname: name('node'),
    machineId: hex,
    systemUuid: hex,
    bootId: hex,
    initStart: keep,
    addresses: text,
  }),
  packages: struct({ installed: record(text, struct({ revision: version, status: keep })), held: text, manager: text }),
  repository: struct({ sources: source, legacy: source }),
  offered: record(keep, struct({ url: text, revisions: record(text, version), error: text })),
  binaries: record(keep, version),
  staticPods: struct({
    components: record(text, struct({ image, tag: version })),
    apiServerEndpoint: text,
    several: record(text, text),
    interrupted: record(text, text),
    strangers: struct({ file: text, pod: text, error: text }),
  }),
  proxyVariables: environment,
  kubelet: struct({ server: text, nodeName: node, configuredFor: version }),
  reboot: struct({ reason: text }),
  osUpdates: struct({ pending: text, error: text }),
  prefetched: struct({ archives: record(text, version), needs: record(version, image), images: image }),
  certificates: struct({ files: struct({ path: text }), keys: text }),
  adminConf: struct({ error: text }),
  deprecatedApis: struct({ group: text, version: text, resource: text, removedRelease: version }),
  manifests: record(text, struct(container)),
  configFiles: struct({ component: text, flag: keep, file: text, kinds: text, kms: text }),
  disk: struct({ places: struct({ path: text, mount: text }) }),
  packageState: struct({ broken: text, lock: struct({ command: text, file: text }) }),
  repositoryKeys: struct({ keyrings: struct({ file: text, keys: struct({ id: hexKey }) }) }),
  kubeletSetup: struct({
    flags,
    shadowing: text,
    ownUnits: text,
    config: struct(kubeletConfiguration),
    dropIns: struct({ file: text, config: struct(kubeletConfiguration) }),
    writtenFor: version,
  }),
  kernel: struct({ cgroup: text, swaps: struct({ name: text }), sockets: text }),
  clock: struct({}),
  etcdHost: struct({
    kind: text,
    name: node,
    dataDir: text,
    peerUrl: text,
    ca: hex,
    clusterId: hex,
    aside: text,
    marks: record(text, text),
  }),
  runtime: struct({ name: text, version, error: text }),
  targetKubeadm: record(
    version,
    struct({
      unusable: text,
      calls: struct({ id: keep, command: text, ended: keep, said: text }),
      images: image,
      manifests: record(text, struct(container)),
      manifestsBy: keep,
      toConvert: text,
    }),
  ),
  software: record(
    text,
    struct({
      installed: struct({ revision: version, status: keep }),
      offered: version,
      candidate: version,
      error: text,
    }),
  ),
  units: record(text, struct({ load: text, active: text, sub: text, file: text })),
};

/** Of each fact of the cluster. */
export const clusterPolicies: Readonly<Record<ClusterFactId, Policy>> = {
  nodes: struct({
    name: node,
    labels,
    annotations: recordBy(labelKey, annotationValue),
    taints: struct({ key: labelKey, effect: text, value: labelValue }),
    allocatable: record(resource, text),
    heartbeat: keep,
    readyReason: text,
    addresses: struct({ type: text, address: text }),
    machineId: hex,
    systemUuid: hex,
    bootId: hex,
    kubeletVersion: version,
    kubeProxyVersion: version,
    containerRuntime: text,
  }),
  apiServerEndpoints: struct({ node, endpoint: text }),
  apiServers: struct({ node, endpoint: text, version, error: text }),
  pods: struct({
    namespace,
    name: pod,
    node,
    drainedFrom: node,
    labels,
    phase: text,
    controller: struct({ kind: text, name: owner, group: text }),
    emptyDirs: volume,
    images: image,
    requests: record(resource, text),
    tolerations: struct({ key: labelKey, operator: text, value: labelValue, effect: text }),
    nodeSelector: labels,
    nodeAffinity: struct({ matchExpressions: expressions, names: node }),
    bound: text,
    finalizers: labelKey,
    deletedAt: keep,
  }),
  pdbs: struct({
    namespace,
    name: name('budget'),
    selector,
    minAvailable: text,
    maxUnavailable: text,
    syncFailed: text,
  }),
  kubeadmConfig: struct({
    kubernetesVersion: version,
    controlPlaneEndpoint: text,
    imageRepository: image,
    certificatesDir: text,
    networking: struct({ dnsDomain: text, podSubnet: text, serviceSubnet: text }),
    featureGates: gates,
    etcd: struct({ imageRepository: image, imageTag: version }),
    dns: struct({ imageTag: version }),
    clusterConfiguration: text,
    extra: record(text, struct(container)),
  }),
  kubeProxy: struct({ version }),
  leases: struct({ node, renewTime: keep }),
  etcd: struct({
    source: text,
    clusterId: hex,
    members: struct({
      id: hex,
      name: node,
      peerUrls: text,
      clientUrls: text,
      problem: text,
      version,
      follows: hex,
      alarms: text,
    }),
    error: text,
  }),
  coreDns: struct({
    corefile: text,
    image,
    rollout: struct({}),
    resources: struct({ limits: record(resource, text), requests: record(resource, text) }),
  }),
  webhooks: struct({
    kind: text,
    configuration: name('webhook'),
    name: name('webhook'),
    service: struct({ namespace, name: name('service') }),
    selector: labels,
    namespaces: selector,
    rules: struct({ groups: text, resources: text, operations: text }),
  }),
  volumeAttachments: struct({ name: name('attachment'), node, volume: name('volume') }),
  kubeletConfig: struct({ ...kubeletConfiguration, versioned: version }),
  kubeProxyConfig: struct({ mode: text, featureGates: gates }),
};

/** The id of a key of a repository: in capitals. */
function hexKey(value: string, names: Parameters<typeof hex>[1]): string {
  return hex(value, names).toUpperCase();
}
