import type { Facts, ManifestsFact, NodeFacts, WebhookFact } from '../../src/facts/facts.ts';
import type { GuardCase } from './cases.ts';
import { pod, sketch, stepOn } from './cluster.ts';

const healthy = sketch({
  apiServers: { cp1: '1.31.9', cp2: '1.31.9' },
  kubelets: { cp1: '1.31.9', cp2: '1.31.9', w1: '1.31.9', w2: '1.31.9' },
  clusterVersion: '1.31.9',
});
const upgrade = stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9' });
const drain = stepOn('w1', 'drain');

function withNode(name: string, change: NodeFacts): Facts {
  return { ...healthy, nodes: { ...healthy.nodes, [name]: { ...healthy.nodes[name], ...change } } };
}

function withCluster(change: Facts['cluster']): Facts {
  return { ...healthy, cluster: { ...healthy.cluster, ...change } };
}

const now = Date.UTC(2026, 10, 21) / 1000;
const inDays = (days: number) => now + days * 86_400 + 60;
function certificate(name: string, path: string, days: number): Facts {
  return withNode(name, { certificates: { now, files: [{ path, notAfter: inDays(days) }] } });
}
const pki = '/etc/kubernetes/pki';

export const certificateCases: readonly GuardCase[] = [
  { title: 'were not read', facts: healthy, finds: [] },
  { title: 'a year left', facts: certificate('cp1', `${pki}/apiserver.crt`, 364), finds: [] },
  {
    title: '29 days left',
    facts: certificate('cp1', `${pki}/apiserver.crt`, 29),
    finds: [['note', 'apiserver.crt of cp1 ends in 29 days']],
  },
  { title: '31 days left', facts: certificate('cp1', `${pki}/apiserver.crt`, 31), finds: [] },
  {
    title: 'without a clock nothing is said',
    facts: withNode('cp1', { certificates: { files: [{ path: `${pki}/apiserver.crt`, notAfter: 1 }] } }),
    finds: [],
  },
  {
    title: 'ended',
    facts: certificate('cp1', `${pki}/apiserver-kubelet-client.crt`, -2),
    finds: [['refuse', `the certificate ${pki}/apiserver-kubelet-client.crt of cp1 ended on 2026-11-19`]],
    node: 'cp1',
  },
  {
    title: 'a leaf that the upgrade renews: a note',
    facts: certificate('cp1', '/etc/kubernetes/scheduler.conf', 10),
    finds: [['note', 'scheduler.conf of cp1 ends in 10 days, on 2026-12-01']],
  },
  {
    title: 'a leaf that the step keeps from being renewed',
    facts: certificate('cp1', `${pki}/etcd/peer.crt`, 10),
    step: stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9', certificateRenewal: false }),
    finds: [['warn', 'etcd/peer.crt of cp1 ends in 10 days']],
  },
  {
    title: "a step asks for its own node's only",
    facts: certificate('cp2', `${pki}/apiserver.crt`, -2),
    step: upgrade,
    finds: [],
  },
  {
    title: "a kubelet's own that it should have renewed",
    facts: certificate('w1', '/var/lib/kubelet/pki/kubelet-client-current.pem', 12),
    finds: [['warn', 'kubelet-client-current.pem of w1 ends in 12 days']],
  },
  {
    title: "a kubelet's own that ended",
    facts: certificate('w1', '/var/lib/kubelet/pki/kubelet-client-current.pem', -1),
    finds: [['refuse', 'of w1 ended']],
    node: 'w1',
  },
  {
    title: 'an authority with two years left',
    facts: certificate('cp1', `${pki}/ca.crt`, 730),
    finds: [],
  },
  {
    title: 'an authority with less than a year left',
    facts: certificate('cp1', `${pki}/front-proxy-ca.crt`, 300),
    finds: [['note', 'front-proxy-ca.crt of cp1 ends in 300 days']],
  },
  {
    title: 'an authority with days left: no upgrade renews it',
    facts: certificate('cp1', `${pki}/etcd/ca.crt`, 20),
    finds: [['warn', 'etcd/ca.crt of cp1 ends in 20 days']],
  },
];

const conf = (adminConf: NonNullable<NodeFacts['adminConf']>, name = 'cp1') => withNode(name, { adminConf });
export const adminConfCases: readonly GuardCase[] = [
  { title: 'was not read', facts: healthy, finds: [] },
  { title: 'may do everything', facts: conf({ present: true, admin: true }), finds: [] },
  { title: 'is missing on a worker', facts: conf({ present: false }, 'w1'), finds: [] },
  { title: 'nobody could be asked', facts: conf({ present: true }), finds: [] },
  {
    title: 'is missing on a control plane',
    facts: conf({ present: false }),
    finds: [['refuse', '/etc/kubernetes/admin.conf of cp1 is missing']],
    node: 'cp1',
  },
  {
    title: 'may not do everything',
    facts: conf({ present: true, admin: false }),
    finds: [['refuse', 'of cp1 may not do everything in the cluster']],
  },
  {
    title: 'is forbidden',
    facts: conf({
      present: true,
      admin: false,
      error: 'Error from server (Forbidden): User "kubernetes-admin" cannot',
    }),
    finds: [['refuse', 'may not do everything in the cluster: Error from server (Forbidden)']],
  },
  {
    title: 'does not reach the cluster',
    facts: conf({ present: true, error: 'dial tcp 10.0.0.9:6443: connect: connection refused' }, 'cp2'),
    finds: [['refuse', 'of cp2 does not reach the cluster: dial tcp 10.0.0.9:6443']],
    node: 'cp2',
  },
  { title: 'is asked of the own node before a step', facts: conf({ present: false }, 'cp2'), step: upgrade, finds: [] },
];

const api = (removedRelease: string, version = 'v1beta3') => ({
  group: 'flowcontrol.apiserver.k8s.io',
  version,
  resource: 'flowschemas',
  removedRelease,
});
export const deprecatedCases: readonly GuardCase[] = [
  { title: 'nobody asked', facts: withNode('cp1', { deprecatedApis: [] }), step: upgrade, finds: [] },
  {
    title: 'the target takes it away',
    facts: withNode('cp1', { deprecatedApis: [api('1.32')] }),
    step: upgrade,
    finds: [
      [
        'warn',
        'flowcontrol.apiserver.k8s.io/v1beta3 flowschemas, which 1.32 takes away (seen by the API server of cp1)',
      ],
    ],
  },
  {
    title: 'a later release takes it away',
    facts: withNode('cp1', { deprecatedApis: [api('1.35')] }),
    step: upgrade,
    finds: [],
  },
  {
    title: 'it is gone already, somebody still asks',
    facts: withNode('cp1', { deprecatedApis: [api('1.29', 'v1beta2')] }),
    step: upgrade,
    finds: [['warn', 'v1beta2 flowschemas, which 1.29 takes away']],
  },
  {
    title: 'several API servers saw it: one finding',
    facts: {
      ...healthy,
      nodes: {
        ...healthy.nodes,
        cp1: { ...healthy.nodes['cp1'], deprecatedApis: [api('1.32')] },
        cp2: { ...healthy.nodes['cp2'], deprecatedApis: [api('1.32')] },
      },
    },
    finds: [['warn', 'seen by the API server of cp1, cp2']],
  },
  {
    title: 'without a step the next minor counts',
    facts: withNode('cp1', { deprecatedApis: [api('1.33')] }),
    finds: [],
  },
  {
    title: 'a worker asks for nothing',
    facts: withNode('cp1', { deprecatedApis: [api('1.32')] }),
    step: drain,
    finds: [],
  },
  {
    title: 'a step that names no release',
    facts: withNode('cp1', { deprecatedApis: [api('1.32')] }),
    step: stepOn('cp2', 'kubeadm-upgrade-node'),
    finds: [],
  },
];

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

export const editedCases: readonly GuardCase[] = [
  {
    title: 'kubeadm-config was not read',
    facts: withNode('cp1', manifest('etcd', { flags: [flag('x', 'y')] })),
    finds: [],
  },
  {
    title: "kubeadm's own flags and volumes",
    facts: compared(
      manifest('kube-apiserver', {
        flags: [flag('advertise-address', '10.0.1.1'), flag('tls-cert-file', '/etc/kubernetes/pki/apiserver.crt')],
        volumes: ['ca-certs', 'etc-ca-certificates', 'k8s-certs', 'usr-share-ca-certificates'],
      }),
    ),
    finds: [],
  },
  {
    title: 'extraArgs and extraVolumes of kubeadm-config',
    facts: compared(
      manifest('kube-apiserver', { flags: [flag('audit-log-path', '/var/log/audit')], volumes: ['audit'] }),
      {
        'kube-apiserver': { flags: [flag('audit-log-path', '/var/log/audit')], volumes: ['audit'] },
      },
    ),
    finds: [],
  },
  {
    title: 'a flag by hand',
    facts: compared(manifest('kube-apiserver', { flags: [flag('audit-log-path', '/var/log/audit')] })),
    finds: [['warn', 'kube-apiserver of cp1 has what kubeadm-config does not say: --audit-log-path=/var/log/audit']],
    node: 'cp1',
  },
  {
    title: 'another value than extraArgs say',
    facts: compared(manifest('kube-apiserver', { flags: [flag('authorization-mode', 'Node,RBAC,Webhook')] }), {
      'kube-apiserver': { flags: [flag('authorization-mode', 'Node,RBAC')], volumes: [] },
    }),
    finds: [['warn', '--authorization-mode=Node,RBAC,Webhook']],
  },
  {
    title: 'a volume and a container by hand',
    facts: compared(manifest('kube-scheduler', { volumes: ['kubeconfig', 'policy'], sidecars: ['proxy'] })),
    finds: [
      ['warn', 'kube-scheduler of cp1 has what kubeadm-config does not say: the volume policy, the container proxy'],
    ],
  },
  {
    title: "a static pod that is not kubeadm's",
    facts: compared(manifest('kube-vip', { flags: [flag('vip', '10.0.0.9')], volumes: ['kubeconfig-vip'] })),
    finds: [],
  },
  {
    title: 'kept by patches',
    facts: compared(manifest('kube-apiserver', { flags: [flag('audit-log-path', '/var/log/audit')] })),
    step: stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.32.9', patches: '/etc/kubernetes/patches' }),
    finds: [],
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
export const corednsCases: readonly GuardCase[] = [
  { title: 'another DNS', facts: withCluster({ coreDns: {} }), finds: [] },
  { title: 'as kubeadm made it', facts: dns({ corefile: corefile(), resources: limits }), finds: [] },
  {
    title: 'a plugin that kubeadm cannot migrate',
    facts: dns({ corefile: corefile('    unbound\n') }),
    finds: [['warn', 'plugins that kubeadm cannot migrate: unbound']],
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
const hooked = (pods: ReturnType<typeof pod>[], change: Partial<WebhookFact> = {}) =>
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
    facts: hooked([{ ...onW1, controller: { kind: 'DaemonSet', name: 'policy' } }]),
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
    finds: [['warn', 'must answer for pods or nodes, but demo/policy has no ready pod']],
  },
  { title: 'without a backend, for another step', facts: hooked([]), step: upgrade, finds: [] },
];
