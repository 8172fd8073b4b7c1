import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { parseKubeletConfiguration, type KubeletConfigFact } from '../../src/facts/kubelet-config.ts';
import type { KubeletSetupFact } from '../../src/facts/kubelet-setup.ts';
import type { GuardCase } from './cases.ts';
import { stepOn } from './cluster.ts';
import { cluster } from './machines.cases.ts';

const config = (text: string) => parseKubeletConfiguration(text) ?? { featureGates: {} };
const setupOf = (text: string, more: Partial<KubeletSetupFact> = {}): KubeletSetupFact => ({
  flags: [],
  shadowing: [],
  ownUnits: [],
  config: config(text),
  ...more,
});

/** A worker whose file says one thing, and a cluster whose ConfigMap says another. */
function two(
  own: string,
  shared: string | KubeletConfigFact,
  node: Partial<NodeFacts> = {},
  version = '1.31.9',
): Facts {
  const facts = cluster({ w1: { kubeletSetup: setupOf(own), ...node } }, version);
  const kubeletConfig = typeof shared === 'string' ? config(shared) : shared;
  const kubeadmConfig = { kubernetesVersion: version };
  return { ...facts, cluster: { ...facts.cluster, kubeletConfig, kubeadmConfig } };
}
const swaps = { kernel: { swaps: [{ name: '/swap', bytes: 2 ** 30 }], sockets: [] } };
const v1 = { kernel: { cgroup: 'v1' as const, swaps: [], sockets: [] } };
const [mayStart, base] = ['failSwapOn: false\n', 'cgroupDriver: systemd\n'];
const restart = (version: string) => stepOn('w1', 'restart-kubelet', { version });
const upgrade = (version: string, more: object = {}) => stepOn('w1', 'kubeadm-upgrade-node', { version, ...more });

export const swapToComeCases: readonly GuardCase[] = [
  {
    title: 'what the node alone allows is gone once kubeadm has written its file',
    facts: two(base + mayStart, base, swaps),
    step: restart('1.32.9'),
    finds: [['refuse', 'over the failSwapOn: false of /var/lib/kubelet/config.yaml']],
    node: 'w1',
  },
  { title: 'a restart of the same release', facts: two(mayStart, base, swaps), step: restart('1.31.9'), finds: [] },
  { title: 'a reboot', facts: two(mayStart, base, swaps), step: stepOn('w1', 'reboot'), finds: [] },
  {
    title: 'kubeadm has been there, with patches',
    facts: two(mayStart, base, { ...swaps, kubeletSetup: setupOf(mayStart, { writtenFor: '1.32.9' }) }),
    step: restart('1.32.9'),
    finds: [],
  },
  {
    title: 'before kubeadm writes, it is a warning',
    facts: two(mayStart, base, swaps),
    step: upgrade('1.32.9'),
    finds: [['warn', 'once kubeadm has written']],
  },
  { title: 'without a step as well', facts: two(mayStart, base, swaps), finds: [['warn', 'once kubeadm']] },
  {
    title: 'a drop-in stays',
    facts: two(base, base, {
      ...swaps,
      kubeletSetup: setupOf(base, { dropIns: [{ file: '/etc/k/10.conf', config: config(mayStart) }] }),
    }),
    step: restart('1.32.9'),
    finds: [],
  },
  {
    title: 'a drop-in forbids what the cluster allows',
    facts: two(mayStart, mayStart, {
      ...swaps,
      kubeletSetup: setupOf(mayStart, { dropIns: [{ file: '/etc/k/10.conf', config: config('failSwapOn: true\n') }] }),
    }),
    step: restart('1.32.9'),
    finds: [['refuse', 'does not start with it']],
  },
];

const lenient = 'failCgroupV1: false\n';

export const cgroupToComeCases: readonly GuardCase[] = [
  {
    title: 'the node alone allows cgroup v1',
    facts: two(lenient, base, v1, '1.34.2'),
    step: restart('1.35.0'),
    finds: [['refuse', 'kubeadm writes the ConfigMap kube-system/kubelet-config over the failCgroupV1: false']],
  },
  {
    title: 'perhaps with patches that allow it',
    facts: two(lenient, base, v1, '1.34.2'),
    step: upgrade('1.35.0', { patches: '/etc/patches' }),
    finds: [['warn', 'does not start there']],
  },
  {
    title: 'the cluster allows it, a drop-in does not',
    facts: two(
      lenient,
      lenient,
      {
        ...v1,
        kubeletSetup: setupOf(lenient, {
          dropIns: [{ file: '/etc/k/9.conf', config: config('failCgroupV1: true\n') }],
        }),
      },
      '1.34.2',
    ),
    step: restart('1.35.0'),
    finds: [['refuse', 'a kubelet of 1.35 does not start there']],
  },
];

const env = '/var/lib/kubelet/kubeadm-flags.env';
const given = (name: string, version: string) =>
  two(base, base, { kubeletSetup: setupOf(base, { flags: [{ file: env, name }] }) }, version);

export const flagToComeCases: readonly GuardCase[] = [
  {
    title: 'a kubeadm that came later does not clean a flag of old',
    facts: given('pod-infra-container-image', '1.33.4'),
    step: restart('1.36.0'),
    finds: [['refuse', 'kubelet does not start with --pod-infra-container-image (/var/lib/kubelet/kubeadm-flags.env)']],
    node: 'w1',
  },
  {
    title: 'nor one a minor later',
    facts: given('container-runtime', '1.25.3'),
    step: restart('1.27.0'),
    finds: [['refuse', '--container-runtime']],
  },
  {
    title: 'the one that cleans it is on the way',
    facts: given('container-runtime', '1.25.3'),
    step: restart('1.26.0'),
    finds: [],
  },
  { title: 'a look ahead: it will be cleaned', facts: given('pod-infra-container-image', '1.34.3'), finds: [] },
  {
    title: 'a look ahead: the one that cleans it was passed',
    facts: given('container-runtime', '1.26.3'),
    finds: [['warn', 'from 1.27 on']],
  },
  {
    title: 'a gate in a drop-in',
    facts: two(base, base, {
      kubeletSetup: setupOf(base, {
        dropIns: [{ file: '/etc/k/10.conf', config: config('featureGates:\n  KMSv2: true\n') }],
      }),
    }),
    step: restart('1.32.9'),
    finds: [['refuse', 'the feature gate KMSv2 (featureGates in /etc/k/10.conf)']],
  },
];

const old = (versioned: string): KubeletConfigFact => ({ ...config(base), versioned });
const none = { missing: true, featureGates: {} } as const;

export const kubeletConfigCases: readonly GuardCase[] = [
  { title: 'both are the same', facts: two(base, base), step: upgrade('1.32.9'), finds: [] },
  {
    title: 'values of a node that go',
    facts: two(`${base}maxPods: 200\nfailSwapOn: false\n`, 'cgroupDriver: cgroupfs\nmaxPods: 110\n'),
    step: upgrade('1.32.9'),
    finds: [
      ['warn', 'cgroupDriver: "systemd" ("cgroupfs" there), maxPods: 200 (110 there), failSwapOn: false (not set'],
    ],
    node: 'w1',
  },
  {
    title: 'inner values, lists and gates',
    facts: two('logging:\n  verbosity: 4\nclusterDNS: [10.96.0.11]\nfeatureGates:\n  NodeSwap: true\n', base),
    finds: [['warn', 'logging.verbosity: 4 (not set there), clusterDNS: ["10.96.0.11"] (not set there), featureGates']],
  },
  {
    title: 'zeros that kubeadm writes out',
    facts: two('syncFrequency: 0s\nlogging: { options: { json: { infoBufferSize: "0" } } }\nimageGC: 0\n', base),
    finds: [],
  },
  {
    title: 'what kubeadm writes differently on each node',
    facts: two(
      'resolvConf: /run/systemd/resolve/resolv.conf\ncontainerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n',
      base,
    ),
    finds: [],
  },
  {
    title: 'a resolvConf of its own',
    facts: two('resolvConf: /etc/resolv-k8s.conf\n', base),
    finds: [['warn', 'resolvConf: "/etc/resolv-k8s.conf"']],
  },
  {
    title: 'with patches it may be meant so',
    facts: two('maxPods: 200\n', base),
    step: upgrade('1.32.9', { patches: '/etc/patches' }),
    finds: [['note', 'maxPods: 200']],
  },
  { title: 'other steps write nothing', facts: two('maxPods: 200\n', base), step: restart('1.32.9'), finds: [] },
  {
    title: 'the ConfigMap is missing',
    facts: two(base, none),
    step: upgrade('1.32.9'),
    finds: [['refuse', 'the ConfigMap kube-system/kubelet-config is missing: kubeadm 1.32 has no']],
  },
  { title: 'a look ahead', facts: two(base, none), finds: [['warn', 'is missing']] },
  {
    title: 'only that of an old minor is there',
    facts: two(base, old('1.23'), {}, '1.24.17'),
    step: upgrade('1.25.0'),
    finds: [['refuse', 'there is only kubelet-config-1.23']],
  },
  { title: 'which 1.24 still reads', facts: two(base, old('1.23'), {}, '1.23.17'), step: upgrade('1.24.0'), finds: [] },
  { title: 'and before is as it is', facts: two(base, old('1.20'), {}, '1.20.2'), step: upgrade('1.21.0'), finds: [] },
  {
    title: 'it cannot be read',
    facts: two(base, { ...none, unreadable: true }),
    step: upgrade('1.32.9'),
    finds: [['warn', 'cannot be read']],
  },
];
