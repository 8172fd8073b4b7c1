import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import type { KubeadmConfigFact } from '../../src/facts/kubeadm-config.ts';
import type { ManifestsFact } from '../../src/facts/manifests.ts';
import type { GuardCase } from './cases.ts';
import { stepOn } from './cluster.ts';
import { upgrade, withNode } from './healthy.ts';

const flag = (name: string, value: string) => ({ name, value });
function manifest(component: string, change: Partial<ManifestsFact[string]>): NodeFacts {
  return { manifests: { [component]: { flags: [], volumes: [], sidecars: [], ...change } } };
}
const noExtra = { 'kube-apiserver': { flags: [], volumes: [] } };
function compared(
  given: NodeFacts,
  extra: NonNullable<KubeadmConfigFact['extra']> = noExtra,
  config: Partial<KubeadmConfigFact> = {},
): Facts {
  const facts = withNode('cp1', given);
  return { ...facts, cluster: { ...facts.cluster, kubeadmConfig: { kubernetesVersion: '1.31.9', extra, ...config } } };
}
const server = (...flags: ReturnType<typeof flag>[]) => compared(manifest('kube-apiserver', { flags }));
const says = (given: NodeFacts, extra: NonNullable<KubeadmConfigFact['extra']>[string]) =>
  compared(given, { 'kube-apiserver': extra });

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
    finds: [
      [
        'warn',
        'kubeadm upgrade would take from the static pod kube-apiserver of cp1 what protects the cluster: the audit log (--audit-log-path=/var/log/audit)',
      ],
    ],
    node: 'cp1',
  },
  {
    title: 'another value than extraArgs say',
    facts: compared(manifest('kube-apiserver', { flags: [flag('authorization-mode', 'Node,RBAC,Webhook')] }), {
      'kube-apiserver': { flags: [flag('authorization-mode', 'Node,RBAC')], volumes: [] },
    }),
    finds: [['warn', 'what protects the cluster: the authorizer Webhook']],
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
  ...[
    [
      'an admission plugin',
      flag('enable-admission-plugins', 'NodeRestriction,AlwaysPullImages'),
      'the admission plugin AlwaysPullImages',
    ],
    ['an authorizer', flag('authorization-mode', 'Node,Webhook,RBAC'), 'the authorizer Webhook'],
    [
      'encryption',
      flag('encryption-provider-config', '/etc/kubernetes/enc.yaml'),
      'the encryption of Secrets at rest (--encryption-provider-config=/etc/kubernetes/enc.yaml)',
    ],
    [
      'the audit policy',
      flag('audit-policy-file', '/etc/kubernetes/audit.yaml'),
      'the audit policy (--audit-policy-file',
    ],
    [
      'structured authorization',
      flag('authorization-config', '/etc/kubernetes/a.yaml'),
      'the configuration of authorizers',
    ],
  ].map(([what, given, text]): GuardCase => ({
    title: `a step that would lose ${what as string} is refused`,
    facts: server(given as ReturnType<typeof flag>),
    step: upgrade,
    finds: [
      ['refuse', `would take from the static pod kube-apiserver of cp1 what protects the cluster: ${text as string}`],
    ],
  })),
  {
    title: 'a step that would lose what tunes the audit',
    facts: server(flag('audit-log-maxage', '30'), flag('event-ttl', '24h')),
    step: upgrade,
    finds: [['warn', 'does not say: --audit-log-maxage=30, --event-ttl=24h']],
  },
  {
    title: 'authorizers in another order',
    facts: server(flag('authorization-mode', 'RBAC,Node')),
    step: upgrade,
    finds: [],
  },
  {
    title: 'a policy in another place: nothing is lost',
    facts: says(manifest('kube-apiserver', { flags: [flag('audit-policy-file', '/b')] }), {
      flags: [flag('audit-policy-file', '/a')],
      volumes: [],
    }),
    step: upgrade,
    finds: [['warn', 'does not say: --audit-policy-file=/b']],
  },
  {
    title: "another value of kubeadm's own flag",
    facts: compared(
      manifest('kube-controller-manager', { flags: [flag('bind-address', '0.0.0.0'), flag('leader-elect', 'true')] }),
    ),
    step: upgrade,
    finds: [['warn', 'kube-controller-manager of cp1 has what kubeadm-config does not say: --bind-address=0.0.0.0']],
  },
  {
    title: 'values that follow from the configuration, and one that does not',
    facts: compared(
      manifest('kube-apiserver', {
        flags: [
          flag('service-cluster-ip-range', '10.96.0.0/12'),
          flag('service-account-issuer', 'https://kubernetes.default.svc.cluster.local'),
          flag('service-account-issuer', 'https://old.example.com'),
          flag('tls-cert-file', '/srv/own.crt'),
          flag('client-ca-file', '/etc/kubernetes/pki/ca.crt'),
        ],
      }),
      noExtra,
      {
        networking: { serviceSubnet: '10.96.0.0/12', dnsDomain: 'cluster.local' },
        certificatesDir: '/etc/kubernetes/pki',
      },
    ),
    step: upgrade,
    finds: [['warn', 'does not say: --service-account-issuer=https://old.example.com, --tls-cert-file=/srv/own.crt']],
  },
  {
    title: 'proxy variables that the shell of kubeadm does not have',
    facts: compared({
      ...manifest('kube-apiserver', { env: [{ name: 'HTTPS_PROXY', value: 'http://p:3128' }, { name: 'GOGC' }] }),
      proxyVariables: [],
    }),
    step: upgrade,
    finds: [['warn', 'the variable HTTPS_PROXY, the variable GOGC']],
  },
  {
    title: 'proxy variables that it has',
    facts: compared({
      ...manifest('kube-apiserver', { env: [{ name: 'HTTPS_PROXY', value: 'http://p:3128' }] }),
      proxyVariables: [{ name: 'HTTPS_PROXY', value: 'http://p:3128' }],
    }),
    step: upgrade,
    finds: [],
  },
  {
    title: 'variables of extraEnvs, which go before those of the shell',
    facts: says(
      {
        ...manifest('kube-apiserver', { env: [{ name: 'no_proxy', value: '10.0.0.0/8' }, { name: 'GOGC' }] }),
        proxyVariables: [{ name: 'no_proxy', value: 'localhost' }],
      },
      { flags: [], volumes: [], envs: [{ name: 'no_proxy', value: '10.0.0.0/8' }, { name: 'GOGC' }] },
    ),
    step: upgrade,
    finds: [],
  },
  {
    title: 'a proxy of the shell that the manifest does not have, and a new argument',
    facts: says(
      { ...manifest('kube-apiserver', {}), proxyVariables: [{ name: 'http_proxy', value: 'http://p' }] },
      { flags: [flag('event-ttl', '2h')], volumes: [] },
    ),
    step: upgrade,
    finds: [
      [
        'warn',
        'kubeadm upgrade would give the static pod kube-apiserver of cp1 what it does not have now: --event-ttl, the variable http_proxy',
      ],
    ],
  },
  {
    title: 'resources, probes and other fields',
    facts: compared(
      manifest('kube-apiserver', {
        fields: {
          imagePullPolicy: 'IfNotPresent',
          'resources.requests.cpu': '2',
          'resources.limits.memory': '8Gi',
          'livenessProbe.failureThreshold': '8',
          'livenessProbe.timeoutSeconds': '60',
          'livenessProbe.httpGet.path': '/livez',
          'spec.hostNetwork': 'true',
          'spec.dnsPolicy': 'ClusterFirstWithHostNet',
          'metadata.annotations.kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint': '10.0.0.1:6443',
        },
      }),
    ),
    step: upgrade,
    finds: [
      [
        'warn',
        'does not say: resources.requests.cpu: 2, resources.limits.memory: 8Gi, livenessProbe.timeoutSeconds: 60, spec.dnsPolicy: ClusterFirstWithHostNet',
      ],
    ],
  },
  {
    title: 'a control plane that does not run as root, by a gate of kubeadm',
    facts: compared(manifest('kube-scheduler', { fields: { 'spec.securityContext.runAsUser': '994' } }), noExtra, {
      featureGates: { RootlessControlPlane: true },
    }),
    step: upgrade,
    finds: [],
  },
  {
    title: 'an image of another registry',
    facts: compared(manifest('etcd', { image: 'mirror.local/etcd:3.5.24-0' }), noExtra, {
      imageRepository: 'registry.k8s.io',
    }),
    step: upgrade,
    finds: [['warn', 'the image mirror.local/etcd:3.5.24-0 (kubeadm-config: from registry.k8s.io)']],
  },
  {
    title: 'an image of the registry that etcd has for itself, and one from before the move of the registry',
    facts: compared(
      {
        manifests: {
          etcd: { flags: [], volumes: [], sidecars: [], image: 'mirror.local/k8s/etcd:3.5.24-0' },
          'kube-scheduler': { flags: [], volumes: [], sidecars: [], image: 'k8s.gcr.io/kube-scheduler:v1.31.9' },
        },
      },
      noExtra,
      { imageRepository: 'registry.k8s.io', etcd: { imageRepository: 'mirror.local/k8s' } },
    ),
    step: upgrade,
    finds: [],
  },
];
