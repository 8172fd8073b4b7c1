import type { KubeadmConfigFact } from '../../src/facts/kubeadm-config.ts';
import type { KubeProxyConfigFact } from '../../src/facts/kube-proxy-config.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { GuardCase } from './cases.ts';
import { stepOn } from './cluster.ts';
import { healthy, withCluster } from './healthy.ts';

const apply = (version: string, more: object = {}) => stepOn('cp1', 'kubeadm-upgrade-apply', { version, ...more });
const config = (change: Partial<KubeadmConfigFact>) =>
  withCluster({ kubeadmConfig: { kubernetesVersion: '1.31.9', ...change } });
const etcd = (name: string, imageTag?: string) =>
  config({
    extra: { etcd: { flags: [{ name, value: 'true' }], volumes: [] } },
    ...(imageTag === undefined ? {} : { etcd: { imageTag } }),
  });
const scheduler = (gates: string) =>
  config({ extra: { 'kube-scheduler': { flags: [{ name: 'feature-gates', value: gates }], volumes: [] } } });
const proxy = (change: Partial<KubeProxyConfigFact>, kubernetesVersion = '1.31.9') =>
  withCluster({ kubeProxyConfig: { mode: '', featureGates: {}, ...change }, kubeadmConfig: { kubernetesVersion } });

/** Of other sources than the components' flags. */
export const furtherFlagCases: readonly GuardCase[] = [
  {
    title: 'a flag of etcd 3.5, at the first release with 3.6',
    facts: etcd('enable-v2'),
    step: apply('1.34.1'),
    finds: [['refuse', 'etcd does not start with --enable-v2 (extraArgs in the ConfigMap kube-system/kubeadm-config)']],
    node: 'cp1',
  },
  { title: 'the same, a release earlier', facts: etcd('enable-v2'), step: apply('1.33.4'), finds: [] },
  {
    title: 'the same, where etcd is left alone',
    facts: etcd('proxy'),
    step: apply('1.34.1', { etcdUpgrade: false }),
    finds: [],
  },
  {
    title: 'the same, with a pinned image of 3.5',
    facts: etcd('enable-v2', '3.5.26-0'),
    step: apply('1.34.1'),
    finds: [],
  },
  {
    title: 'a pinned image that is as new',
    facts: etcd('enable-v2', 'v3.6.11'),
    step: apply('1.34.1'),
    finds: [['refuse', '--enable-v2']],
  },
  {
    title: 'an experimental flag at 3.6',
    facts: etcd('experimental-compaction-batch-limit'),
    step: apply('1.36.0'),
    finds: [],
  },
  {
    title: 'an experimental flag at 3.7',
    facts: etcd('experimental-compaction-batch-limit'),
    step: apply('1.37.0'),
    finds: [['refuse', '--experimental-compaction-batch-limit']],
  },
  {
    title: 'a gate with the name of its component',
    facts: scheduler('kube:ReadWriteOncePod=true,other:ReadWriteOncePod=true'),
    step: apply('1.32.9'),
    finds: [['refuse', 'the feature gate ReadWriteOncePod']],
  },
  {
    title: 'a gate of kubeadm',
    facts: config({ featureGates: { EtcdLearnerMode: true } }),
    step: apply('1.33.1'),
    finds: [
      [
        'refuse',
        'kubeadm does not upgrade with the feature gate EtcdLearnerMode (featureGates in the ConfigMap kube-system/kubeadm-config) from 1.33 on',
      ],
    ],
  },
  {
    title: 'a gate of kubeadm that it still has',
    facts: config({ featureGates: { EtcdLearnerMode: true, RootlessControlPlane: true } }),
    step: apply('1.32.9'),
    finds: [],
  },
  {
    title: 'a gate of kubeadm, on a later control plane',
    facts: config({ featureGates: { EtcdLearnerMode: true } }),
    step: stepOn('cp2', 'kubeadm-upgrade-node', { version: '1.33.1' }),
    finds: [],
  },
  {
    title: 'a gate of kube-proxy',
    facts: proxy({ featureGates: { KubeProxyDrainingTerminatingNodes: true } }),
    step: apply('1.33.1'),
    finds: [['refuse', 'kube-proxy does not start with the feature gate KubeProxyDrainingTerminatingNodes']],
  },
  {
    title: 'what concerns the whole cluster is said of one node',
    facts: config({ featureGates: { UpgradeAddonsBeforeControlPlane: false } }),
    finds: [['warn', 'UpgradeAddonsBeforeControlPlane']],
    node: 'cp1',
  },
];

export const proxyModeCases: readonly GuardCase[] = [
  { title: 'the default', facts: proxy({}), step: apply('1.37.0'), finds: [] },
  { title: 'nftables', facts: proxy({ mode: 'nftables' }), step: apply('1.37.0'), finds: [] },
  { title: 'no kube-proxy', facts: proxy({ missing: true }), step: apply('1.37.0'), finds: [] },
  { title: 'ipvs while it is well', facts: proxy({ mode: 'ipvs' }), step: apply('1.34.1'), finds: [] },
  {
    title: 'ipvs',
    facts: proxy({ mode: 'ipvs' }),
    step: apply('1.35.0'),
    finds: [['warn', 'kube-proxy has the mode ipvs (ConfigMap kube-system/kube-proxy), deprecated since 1.35']],
  },
  { title: 'ipvs on a cluster that says so', facts: proxy({ mode: 'ipvs' }, '1.36.0'), finds: [['warn', 'ipvs']] },
  {
    title: 'userspace',
    facts: proxy({ mode: 'userspace' }, '1.25.0'),
    step: apply('1.26.0'),
    finds: [['refuse', 'which 1.26 does not have']],
  },
];

const annotation = 'kubeadm.alpha.kubernetes.io/cri-socket';
function node(socket: string, change: Partial<NodeObject> = {}, machine: NodeFacts = {}): Facts {
  const nodes = (healthy.cluster?.nodes ?? []).map((one) =>
    one.name === 'w1'
      ? { ...one, annotations: { [annotation]: socket }, containerRuntime: 'containerd://1.7.20', ...change }
      : one,
  );
  return {
    nodes: { ...healthy.nodes, w1: { ...healthy.nodes['w1'], ...machine } },
    cluster: { ...healthy.cluster, nodes },
  };
}
const flag = (value: string): NodeFacts => ({
  kubeletSetup: {
    flags: [{ file: '/var/lib/kubelet/kubeadm-flags.env', name: 'container-runtime-endpoint', value }],
    shadowing: [],
    ownUnits: [],
  },
});
const upgradeNode = stepOn('w1', 'kubeadm-upgrade-node', { version: '1.32.9' });

export const criSocketCases: readonly GuardCase[] = [
  { title: 'no annotation', facts: healthy, step: upgradeNode, finds: [] },
  {
    title: 'the same socket in two forms',
    facts: node('/var/run/containerd/containerd.sock', {}, flag('unix:///run/containerd/containerd.sock')),
    step: upgradeNode,
    finds: [],
  },
  {
    title: 'dockershim, left behind by the move to containerd',
    facts: node('/var/run/dockershim.sock'),
    step: upgradeNode,
    finds: [
      [
        'refuse',
        'kubeadm looks for dockershim at /var/run/dockershim.sock (annotation of the Node object), but the kubelet runs containers with containerd://1.7.20',
      ],
    ],
    node: 'w1',
  },
  {
    title: 'containerd, left behind by the move to CRI-O',
    facts: node('unix:///run/containerd/containerd.sock', { containerRuntime: 'cri-o://1.32.1' }),
    step: upgradeNode,
    finds: [['refuse', 'but the kubelet runs containers with cri-o://1.32.1']],
  },
  {
    title: 'the same without a runbook',
    facts: node('/var/run/dockershim.sock'),
    finds: [['warn', 'kubeadm looks for dockershim']],
  },
  {
    title: 'once kubeadm keeps the socket on the node',
    facts: node('/var/run/dockershim.sock', { kubeletVersion: '1.34.1' }),
    step: stepOn('w1', 'kubeadm-upgrade-node', { version: '1.35.0' }),
    finds: [['warn', 'kubeadm looks for dockershim']],
  },
  {
    title: 'docker through cri-dockerd',
    facts: node('unix:///run/cri-dockerd.sock', { containerRuntime: 'docker://28.0.1' }),
    step: upgradeNode,
    finds: [],
  },
  {
    title: 'a runtime that is not known',
    facts: node('/run/mine.sock', { containerRuntime: 'mine://1' }),
    step: upgradeNode,
    finds: [],
  },
  {
    title: 'another socket in the flags of the kubelet: both are told',
    facts: node('unix:///run/containerd/containerd.sock', {}, flag('unix:///run/k3s/containerd/containerd.sock')),
    step: upgradeNode,
    finds: [
      [
        'warn',
        'two container runtime sockets: unix:///run/containerd/containerd.sock (annotation of the Node object) and unix:///run/k3s/containerd/containerd.sock (--container-runtime-endpoint in /var/lib/kubelet/kubeadm-flags.env)',
      ],
    ],
  },
  {
    title: 'it is not asked before the kubelet restarts',
    facts: node('/var/run/dockershim.sock'),
    step: stepOn('w1', 'restart-kubelet', { version: '1.32.9' }),
    finds: [],
  },
];
