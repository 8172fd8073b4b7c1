import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { ManifestsFact } from '../../src/facts/manifests.ts';
import type { StaticPodsFact } from '../../src/facts/static-pods.ts';
import type { WebhookFact } from '../../src/facts/webhooks.ts';
import type { GuardCase } from './cases.ts';
import { pod, stepOn } from './cluster.ts';
import { drain, upgrade, withCluster, withNode } from './healthy.ts';

const flag = (name: string, value: string) => ({ name, value });
function manifest(component: string, change: Partial<ManifestsFact[string]>): NodeFacts {
  return { manifests: { [component]: { flags: [], volumes: [], sidecars: [], ...change } } };
}
const noExtra = { 'kube-apiserver': { flags: [], volumes: [] } };
function compared(
  given: NodeFacts,
  extra: Readonly<Record<string, { flags: ReturnType<typeof flag>[]; volumes: string[] }>> = noExtra,
): Facts {
  const facts = withNode('cp1', given);
  return { ...facts, cluster: { ...facts.cluster, kubeadmConfig: { kubernetesVersion: '1.31.9', extra } } };
}

export const emulationCases: readonly GuardCase[] = [
  {
    title: 'no flag',
    facts: compared(manifest('kube-apiserver', { flags: [flag('secure-port', '6443')] })),
    finds: [],
  },
  {
    title: 'an emulated version in a manifest',
    facts: compared(manifest('kube-apiserver', { flags: [flag('emulated-version', '1.30')] })),
    finds: [['warn', 'kube-apiserver of cp1 has --emulated-version=1.30']],
    node: 'cp1',
  },
  {
    title: 'a minimum in the kubeadm-config',
    facts: compared({}, { 'kube-scheduler': { flags: [flag('min-compatibility-version', '1.31')], volumes: [] } }),
    finds: [['warn', 'kubeadm-config (extraArgs of kube-scheduler) has --min-compatibility-version=1.31']],
  },
];

const files = (change: Partial<StaticPodsFact>) => withNode('cp1', { staticPods: { components: {}, ...change } });
export const fileCases: readonly GuardCase[] = [
  { title: 'nothing else is there', facts: files({}), finds: [] },
  {
    title: 'a copy of a manifest',
    facts: files({ several: { etcd: ['etcd.yaml', 'etcd.yaml.bak'] } }),
    finds: [['refuse', '2 files in /etc/kubernetes/manifests are manifests of etcd: etcd.yaml, etcd.yaml.bak']],
    node: 'cp1',
  },
  {
    title: 'copies of two components, before a step',
    facts: files({ several: { 'kube-apiserver': ['a', 'b'], 'kube-scheduler': ['c', 'd', 'e'] } }),
    step: upgrade,
    finds: [
      ['refuse', 'manifests of kube-apiserver: a, b'],
      ['refuse', '3 files in /etc/kubernetes/manifests are manifests of kube-scheduler: c, d, e'],
    ],
  },
  {
    title: 'a copy, before the kubelet restarts and reads all of them again',
    facts: files({ several: { etcd: ['etcd.yaml', 'etcd.yaml.bak'] } }),
    step: stepOn('cp1', 'restart-kubelet', { version: '1.32.9' }),
    finds: [['refuse', 'manifests of etcd']],
  },
  {
    title: 'a copy on another node than that of the step',
    facts: files({ several: { etcd: ['etcd.yaml', 'etcd.yaml.bak'] } }),
    step: stepOn('cp2', 'kubeadm-upgrade-node', { version: '1.32.9' }),
    finds: [],
  },
  {
    title: 'a file that is no pod',
    facts: files({ strangers: [{ file: 'README', error: 'is not a pod' }] }),
    finds: [['warn', 'README in /etc/kubernetes/manifests is not a pod']],
  },
  {
    title: 'a manifest that was to be switched off by its name',
    facts: files({ strangers: [{ file: 'kube-vip.yaml.off', pod: 'kube-vip' }] }),
    finds: [['warn', 'kube-vip.yaml.off in /etc/kubernetes/manifests is no copy to the kubelet: it runs']],
  },
  {
    title: 'a static pod of the operator',
    facts: files({ strangers: [{ file: 'kube-vip.yaml', pod: 'kube-vip' }] }),
    finds: [['note', 'kubeadm does not know the static pod kube-vip (kube-vip.yaml)']],
  },
];

const corefile = (extra = '', block = '') => `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
${extra}}
${block}`;
const dns = (change: NonNullable<Facts['cluster']>['coreDns']) =>
  withCluster({ coreDns: { image: 'coredns:v1.11.3', ...change } });
const limits = { limits: { memory: '170Mi' }, requests: { cpu: '100m', memory: '70Mi' } };
const tagged = (title: string, image: string, step: GuardCase['step'], ...finds: GuardCase['finds']): GuardCase => ({
  title,
  facts: withCluster({ coreDns: { image } }),
  ...(step ? { step } : {}),
  finds,
});
const skips = (...names: string[]) =>
  stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9', ignorePreflightErrors: names });
export const corednsCases: readonly GuardCase[] = [
  tagged('the version of an older kubeadm', 'registry.k8s.io/coredns/coredns:v1.10.1', upgrade),
  tagged('a tag with a suffix', 'r/coredns:v1.11.3-100', upgrade, [
    'refuse',
    'kubeadm 1.32.9 cannot migrate CoreDNS from r/coredns:v1.11.3-100: its version, "1.11.3-100", is no release',
  ]),
  tagged('another container first', 'example.com/node-cache:1.25.0', upgrade, ['refuse', '"1.25.0"']),
  tagged('a digest', `r/coredns@sha256:${'a'.repeat(64)}`, upgrade, ['refuse', 'is no release']),
  tagged('a registry with a port and no tag', 'r:5000/coredns', upgrade, ['refuse', '"5000/coredns"']),
  tagged('newer than what the release brings', 'coredns:v1.12.1', upgrade, [
    'refuse',
    'newer than the 1.11.3 that it brings',
  ]),
  tagged('only one of the checks skipped', 'coredns:x', skips('CoreDNSMigration'), ['refuse', '"x"']),
  tagged('both checks skipped', 'coredns:x', skips('CoreDNSMigration', 'CoreDNSUnsupportedPlugins'), ['warn', '"x"']),
  tagged('both in another case', 'coredns:x', skips('corednsmigration', 'coreDNSUnsupportedPlugins'), ['warn', '"x"']),
  tagged('all checks skipped', 'coredns:x', skips('All'), ['warn', '"x"']),
  tagged('a suffix, without a step', 'coredns:v1.9.3-eksbuild.2', undefined, ['warn', 'kubeadm cannot migrate']),
  { title: 'another DNS', facts: withCluster({ coreDns: {} }), finds: [] },
  { title: 'as kubeadm made it', facts: dns({ corefile: corefile(), resources: limits }), finds: [] },
  {
    title: 'a plugin that kubeadm cannot migrate',
    facts: dns({ corefile: corefile('    unbound\n') }),
    finds: [['warn', 'plugins that kubeadm cannot migrate: unbound']],
  },
  {
    title: 'template, which it has never known',
    facts: dns({ corefile: corefile('    template ANY ANY\n') }),
    finds: [['warn', 'plugins that kubeadm cannot migrate: template']],
  },
  {
    title: 'transfer, which it knows',
    facts: dns({ corefile: corefile('    transfer\n') }),
    finds: [['note', '+transfer']],
  },
  {
    title: 'plugins more and less, and a zone',
    facts: dns({
      corefile: corefile(
        '    hosts {\n      10.0.0.1 a.example\n    }\n',
        'corp.local:53 {\n    errors\n    forward . 10.0.0.53\n}\n',
      ).replace('    loop\n', ''),
    }),
    finds: [['note', 'the Corefile of CoreDNS was changed: +hosts, -loop, the zone corp.local:53']],
  },
  {
    title: 'comments and snippets are no plugins',
    facts: dns({ corefile: `# by hand\n${corefile('    import custom/*.override\n')}` }),
    finds: [],
  },
  {
    title: 'resources of its own',
    facts: dns({ corefile: corefile(), resources: { limits: { memory: '1Gi', cpu: '1' }, requests: limits.requests } }),
    finds: [['warn', 'resources of its own: limits memory 1Gi (kubeadm: 170Mi), limits cpu 1 (kubeadm: none)']],
  },
];

function hook(change: Partial<WebhookFact> = {}): WebhookFact {
  return {
    kind: 'ValidatingWebhookConfiguration',
    configuration: 'policy',
    name: 'policy.example.com',
    fails: true,
    service: { namespace: 'demo', name: 'policy' },
    selector: { app: 'policy' },
    rules: [{ groups: [''], resources: ['pods'], operations: ['CREATE'] }],
    ...change,
  };
}
export const hooked = (pods: ReturnType<typeof pod>[], change: Partial<WebhookFact> = {}) =>
  withCluster({ pods, webhooks: [hook(change)] });
const onW1 = pod('policy-1', 'w1');
const onW2 = pod('policy-2', 'w2');
export const webhookCases: readonly GuardCase[] = [
  { title: 'none', facts: withCluster({ pods: [], webhooks: [] }), finds: [] },
  { title: 'with backends on two nodes', facts: hooked([onW1, onW2]), step: drain, finds: [] },
  {
    title: 'with all its backends on the node',
    facts: hooked([onW1, pod('policy-3', 'w1')]),
    step: drain,
    finds: [
      [
        'warn',
        'all that answers for the webhook policy.example.com (ValidatingWebhookConfiguration policy) is on w1: demo/policy-1, demo/policy-3',
      ],
    ],
    node: 'w1',
  },
  {
    title: 'with the other backend not ready',
    facts: hooked([onW1, { ...onW2, ready: false }]),
    step: drain,
    finds: [['warn', 'is on w1: demo/policy-1']],
  },
  { title: 'with its backend on another node', facts: hooked([onW2]), step: drain, finds: [] },
  { title: 'that may fail', facts: hooked([onW1], { fails: false }), step: drain, finds: [] },
  {
    title: 'for Deployments only',
    facts: hooked([onW1], { rules: [{ groups: ['apps'], resources: ['deployments'], operations: ['*'] }] }),
    step: drain,
    finds: [],
  },
  {
    title: 'for everything',
    facts: hooked([onW1], { rules: [{ groups: ['*'], resources: ['*/*'], operations: ['*'] }] }),
    step: drain,
    finds: [['warn', 'is on w1']],
  },
  {
    title: 'from a DaemonSet: a drain leaves it where it is',
    facts: hooked([{ ...onW1, controller: { kind: 'DaemonSet', name: 'policy', exists: true } }]),
    step: drain,
    finds: [],
  },
  {
    title: 'asked at an address outside',
    facts: withCluster({
      pods: [],
      webhooks: [{ ...hook(), selector: {} }].map(({ selector: _selector, service: _service, ...rest }) => rest),
    }),
    finds: [],
  },
  {
    title: 'without any ready backend',
    facts: hooked([{ ...onW1, ready: false }]),
    finds: [['warn', 'must answer for pods, but demo/policy has no ready pod']],
  },
  { title: 'without a backend, for another step', facts: hooked([]), step: stepOn('cp1', 'uncordon'), finds: [] },
];
