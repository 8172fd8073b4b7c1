import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { KubeadmConfigFact } from '../../src/facts/kubeadm-config.ts';
import type { KubeletConfigFact } from '../../src/facts/kubelet-config.ts';
import type { KubeletFlag } from '../../src/facts/kubelet-setup.ts';
import type { GuardCase } from './cases.ts';
import { nodeObject, stepOn } from './cluster.ts';
import { cluster } from './machines.cases.ts';

const restart = (version: string) => stepOn('w1', 'restart-kubelet', { version });
const apply = (version: string, more: object = {}) => stepOn('cp1', 'kubeadm-upgrade-apply', { version, ...more });
const node = (version: string) => stepOn('w1', 'kubeadm-upgrade-node', { version });

function flags(file: string, ...words: readonly string[]): Partial<NodeFacts> {
  const list = words.map((word): KubeletFlag => {
    const [name = '', ...value] = word.split('=');
    return { file, name, ...(value.length > 0 ? { value: value.join('=') } : {}) };
  });
  return { kubeletSetup: { flags: list, shadowing: [], ownUnits: [], config: { featureGates: {} } } };
}
const env = '/var/lib/kubelet/kubeadm-flags.env';
const own = '/etc/default/kubelet';
const kubelet = (file: string, ...words: readonly string[]) => cluster({ w1: flags(file, ...words) });

function withCluster(
  facts: Facts,
  more: { kubeadmConfig?: KubeadmConfigFact; kubeletConfig?: KubeletConfigFact },
): Facts {
  return { ...facts, cluster: { ...facts.cluster, ...more } };
}
const extra = (component: string, name: string, value = 'true') =>
  withCluster(cluster({}), {
    kubeadmConfig: { kubernetesVersion: '1.31.9', extra: { [component]: { flags: [{ name, value }], volumes: [] } } },
  });
const gates = (...names: readonly string[]) =>
  withCluster(cluster({ w1: flags(own) }), {
    kubeletConfig: { featureGates: Object.fromEntries(names.map((name) => [name, true])) },
  });
const manifest = (name: string, value = 'true') =>
  cluster({ cp1: { manifests: { 'kube-apiserver': { flags: [{ name, value }], volumes: [], sidecars: [] } } } });

export const flagCases: readonly GuardCase[] = [
  { title: 'flags that every release has', facts: kubelet(own, 'node-ip', 'v'), step: restart('1.37.0'), finds: [] },
  {
    title: 'what kubeadm cleans itself',
    facts: kubelet(env, 'pod-infra-container-image'),
    step: restart('1.35.0'),
    finds: [],
  },
  {
    title: 'the same elsewhere, which nobody cleans',
    facts: kubelet(own, 'pod-infra-container-image'),
    step: restart('1.35.0'),
    finds: [['refuse', 'kubelet does not start with --pod-infra-container-image (/etc/default/kubelet) from 1.35 on']],
    node: 'w1',
  },
  {
    title: 'the same, a release earlier',
    facts: kubelet(own, 'pod-infra-container-image'),
    step: restart('1.34.3'),
    finds: [],
  },
  {
    title: 'dockershim left --network-plugin behind',
    facts: kubelet(env, 'network-plugin'),
    step: restart('1.24.0'),
    finds: [['refuse', '--network-plugin']],
  },
  { title: 'and 1.23 still has it', facts: kubelet(env, 'network-plugin'), step: restart('1.23.17'), finds: [] },
  {
    title: 'flags of cAdvisor',
    facts: kubelet(own, 'housekeeping-interval'),
    step: restart('1.37.0'),
    finds: [['refuse', 'from 1.37 on']],
  },
  {
    title: 'klog flags, of every component',
    facts: kubelet(own, 'logtostderr'),
    step: restart('1.26.0'),
    finds: [['refuse', '--logtostderr']],
  },
  {
    title: "the package's own drop-in, which is brought anew",
    facts: kubelet('/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf', 'network-plugin'),
    step: restart('1.24.0'),
    finds: [],
  },
  {
    title: 'a gate of the kubelet by flag',
    facts: kubelet(own, 'feature-gates=NodeSwap=true,CloudDualStackNodeIPs=true'),
    step: restart('1.32.0'),
    finds: [['refuse', 'the feature gate CloudDualStackNodeIPs']],
  },
  {
    title: 'a gate in the configuration of the cluster',
    facts: gates('KubeletTracing', 'PodHostIPs'),
    step: restart('1.32.0'),
    finds: [['refuse', 'PodHostIPs (featureGates in the ConfigMap kube-system/kubelet-config)']],
  },
  {
    title: 'a gate in the file of a node, where the cluster has no such ConfigMap',
    facts: withCluster(
      cluster({
        w1: { kubeletSetup: { flags: [], shadowing: [], ownUnits: [], config: { featureGates: { DryRun: true } } } },
      }),
      { kubeletConfig: { missing: true, featureGates: {} } },
    ),
    step: restart('1.28.0'),
    finds: [['refuse', 'DryRun (featureGates in /var/lib/kubelet/config.yaml)']],
  },
  {
    title: 'a gate that kubeadm writes over, as the cluster does not have it',
    facts: withCluster(
      cluster({
        w1: { kubeletSetup: { flags: [], shadowing: [], ownUnits: [], config: { featureGates: { DryRun: true } } } },
      }),
      { kubeletConfig: { featureGates: {} } },
    ),
    step: restart('1.28.0'),
    finds: [],
  },
  {
    title: 'the version is that of the installed kubelet',
    facts: {
      ...kubelet(own, 'cloud-config'),
      nodes: { w1: { ...kubelet(own, 'cloud-config').nodes['w1'], binaries: { kubelet: '1.34.0' } } },
    },
    step: stepOn('w1', 'restart-kubelet'),
    finds: [['refuse', '--cloud-config']],
  },
  {
    title: 'an argument of the API server',
    facts: extra('kube-apiserver', 'cloud-provider', 'external'),
    step: apply('1.33.1'),
    finds: [
      [
        'refuse',
        'kube-apiserver does not start with --cloud-provider (extraArgs in the ConfigMap kube-system/kubeadm-config)',
      ],
    ],
    node: 'cp1',
  },
  {
    title: 'a release that still has it',
    facts: extra('kube-apiserver', 'cloud-provider', 'external'),
    step: apply('1.32.9'),
    finds: [],
  },
  {
    title: 'a control plane after the first',
    facts: extra('kube-scheduler', 'policy-config-file'),
    step: stepOn('cp1', 'kubeadm-upgrade-node', { version: '1.23.0' }),
    finds: [['refuse', 'kube-scheduler']],
  },
  {
    title: 'a worker has no such components',
    facts: extra('kube-scheduler', 'policy-config-file'),
    step: node('1.23.0'),
    finds: [],
  },
  {
    title: 'an admission plugin',
    facts: extra('kube-apiserver', 'enable-admission-plugins', 'NodeRestriction,PodSecurityPolicy'),
    step: apply('1.25.0'),
    finds: [['refuse', 'the admission plugin PodSecurityPolicy']],
  },
  {
    title: 'a gate of the controller manager',
    facts: extra('kube-controller-manager', 'feature-gates', 'CSIMigration=true'),
    step: apply('1.27.0'),
    finds: [['refuse', 'the feature gate CSIMigration']],
  },
  {
    title: 'what stands in a manifest alone goes with it',
    facts: manifest('insecure-port', '0'),
    step: apply('1.24.0'),
    finds: [],
  },
  {
    title: 'unless patches put it back',
    facts: manifest('insecure-port', '0'),
    step: apply('1.24.0', { patches: '/etc/kubernetes/patches' }),
    finds: [['warn', '--insecure-port (/etc/kubernetes/manifests/kube-apiserver.yaml)']],
  },
  {
    title: 'a look ahead at the next minor',
    facts: kubelet(own, 'feature-gates=PodHostIPs=true'),
    finds: [['warn', 'from 1.32 on']],
  },
  { title: 'and at later ones', facts: kubelet(own, 'pod-infra-container-image'), finds: [['note', 'from 1.35 on']] },
  { title: 'nothing is known', facts: cluster({}), step: restart('1.37.0'), finds: [] },
];

const v1 = (more: Partial<NodeFacts> = {}, version = '1.31.9') =>
  cluster({ w1: { kernel: { cgroup: 'v1', swaps: [], sockets: [] }, ...more } }, version);
const lenient = (facts: Facts) => withCluster(facts, { kubeletConfig: { featureGates: {}, failCgroupV1: false } });

export const cgroupCases: readonly GuardCase[] = [
  {
    title: 'cgroup v2',
    facts: cluster({ w1: { kernel: { cgroup: 'v2', swaps: [], sockets: [] } } }),
    step: restart('1.35.0'),
    finds: [],
  },
  {
    title: 'unknown cgroups',
    facts: cluster({ w1: { kernel: { swaps: [], sockets: [] } } }),
    step: restart('1.35.0'),
    finds: [],
  },
  { title: 'an old cluster on cgroup v1', facts: v1({}, '1.20.2'), finds: [] },
  { title: 'an old cluster that moves on', facts: v1({}, '1.20.2'), step: node('1.21.0'), finds: [] },
  {
    title: 'maintenance mode',
    facts: v1(),
    finds: [['warn', 'maintenance mode since 1.31 and refused from 1.35 on']],
    node: 'w1',
  },
  { title: 'an upgrade within it', facts: v1(), step: restart('1.34.0'), finds: [['warn', 'refused from 1.35 on']] },
  {
    title: 'a kubelet that would not start',
    facts: v1({}, '1.34.2'),
    step: node('1.35.0'),
    finds: [['refuse', 'a kubelet of 1.35 does not start there']],
  },
  {
    title: 'the cluster allows it',
    facts: lenient(v1({}, '1.34.2')),
    step: node('1.35.0'),
    finds: [['warn', 'maintenance mode since 1.31']],
  },
  {
    title: 'a flag of the node forbids it all the same',
    facts: lenient(v1(flags(own, 'fail-cgroupv1=true'), '1.34.2')),
    step: node('1.35.0'),
    finds: [['refuse', '1.35']],
  },
  {
    title: 'a worker whose own file allows it where the ConfigMap is not known',
    facts: v1({
      kubeletSetup: { flags: [], shadowing: [], ownUnits: [], config: { featureGates: {}, failCgroupV1: false } },
    }),
    step: restart('1.36.0'),
    finds: [['warn', 'maintenance mode since 1.31']],
  },
  {
    title: 'other steps',
    facts: v1(),
    step: stepOn('w1', 'install-packages', { version: '1.35.0', packages: ['kubelet'] }),
    finds: [],
  },
];

function runtime(version: string, annotations: Readonly<Record<string, string>> = {}): Facts {
  const facts = cluster({});
  const nodes = ['cp1', 'w1', 'w2'].map((name) => nodeObject(name, { containerRuntime: version, annotations }));
  return { ...facts, cluster: { ...facts.cluster, nodes } };
}
const sockets = (...list: readonly string[]) => cluster({ w1: { kernel: { swaps: [], sockets: list } } });
const socket = (path: string) => ({ 'kubeadm.alpha.kubernetes.io/cri-socket': path });

export const runtimeCases: readonly GuardCase[] = [
  { title: 'containerd 2', facts: runtime('containerd://2.0.5'), step: restart('1.38.0'), finds: [] },
  { title: 'a release candidate of it', facts: runtime('containerd://2.1.0-rc.1'), step: restart('1.38.0'), finds: [] },
  {
    title: 'containerd 1.7 long before its end',
    facts: runtime('containerd://1.7.28'),
    step: restart('1.34.0'),
    finds: [],
  },
  {
    title: 'near it',
    facts: runtime('containerd://1.7.28'),
    step: restart('1.35.0'),
    finds: [['warn', 'near its end']],
    node: 'w1',
  },
  {
    title: 'beyond it',
    facts: runtime('containerd://1.7.28'),
    step: node('1.38.0'),
    finds: [['refuse', '1.38 does not work with containerd 1.x']],
  },
  {
    title: 'the containerd of a real 1.20 cluster',
    facts: runtime('containerd://1.6.20'),
    step: restart('1.22.0'),
    finds: [],
  },
  {
    title: 'containerd without CRI v1',
    facts: runtime('containerd://1.5.9'),
    step: restart('1.26.0'),
    finds: [['refuse', 'CRI v1']],
  },
  { title: 'and before it is needed', facts: runtime('containerd://1.5.9'), step: restart('1.25.0'), finds: [] },
  {
    title: 'the versions of distributions',
    facts: runtime('containerd://1.6.20~ds1'),
    step: restart('1.35.0'),
    finds: [['warn', '1.6.20~ds1']],
  },
  { title: 'CRI-O', facts: runtime('cri-o://1.34.1'), step: restart('1.34.3'), finds: [] },
  { title: 'CRI-O newer', facts: runtime('cri-o://1.35.0'), step: restart('1.34.3'), finds: [] },
  {
    title: 'CRI-O to follow',
    facts: runtime('cri-o://1.33.1'),
    step: restart('1.34.3'),
    finds: [['note', 'one minor']],
  },
  {
    title: 'CRI-O of long ago',
    facts: runtime('cri-o://1.24.6'),
    step: restart('1.32.9'),
    finds: [['warn', 'cri-o 1.24.6 under Kubernetes 1.32']],
    node: 'w1',
  },
  {
    title: 'dockershim',
    facts: runtime('docker://20.10.7', socket('/var/run/dockershim.sock')),
    step: node('1.24.0'),
    finds: [['refuse', 'dockershim, which 1.24']],
  },
  {
    title: 'containerd with an annotation that still says dockershim',
    facts: runtime('containerd://2.0.5', socket('/var/run/dockershim.sock')),
    step: node('1.24.0'),
    finds: [],
  },
  {
    title: 'docker through cri-dockerd',
    facts: runtime('docker://20.10.7', socket('unix:///run/cri-dockerd.sock')),
    step: node('1.24.0'),
    finds: [],
  },
  { title: 'one runtime', facts: sockets('/run/containerd/containerd.sock'), finds: [] },
  {
    title: 'two runtimes',
    facts: sockets('/run/containerd/containerd.sock', '/run/crio/crio.sock'),
    finds: [['warn', 'several container runtimes listen']],
    node: 'w1',
  },
  { title: 'the version is not known', facts: runtime('containerd://'), step: restart('1.38.0'), finds: [] },
  {
    title: 'no release is named: what the next minor would be refused for',
    facts: runtime('containerd://1.5.9'),
    finds: Array.from({ length: 3 }, () => ['warn', 'it does not speak CRI v1'] as const),
  },
  { title: 'no release is named, and the next minor would take it', facts: runtime('containerd://1.6.20'), finds: [] },
];
