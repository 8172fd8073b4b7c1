import { clientFiles } from './etcd-endpoints.ts';
import type { Machine } from './machine.ts';

/** A static pod's manifest as kubeadm writes it, as far as readers look. */
export function manifestOf(
  component: string,
  image: string,
  { ip, name, etcdEndpoints }: Pick<Machine, 'ip' | 'name' | 'etcdEndpoints'>,
  extraArgs: Readonly<Record<string, string>> = {},
): string {
  const lines =
    component === 'etcd' ? etcdCommand(ip, name) : (commands[component]?.(ip, etcdEndpoints) ?? [component]);
  const annotation = annotations[component]?.(ip);
  return [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    ...(annotation ? ['  annotations:', `    ${annotation}`] : []),
    '  creationTimestamp: null',
    '  labels:',
    `    component: ${component}`,
    '    tier: control-plane',
    `  name: ${component}`,
    '  namespace: kube-system',
    'spec:',
    '  containers:',
    '  - command:',
    ...lines.map((line) => `    - ${line}`),
    ...Object.entries(extraArgs).map(([flag, value]) => `    - --${flag}=${value}`),
    `    image: ${image}`,
    '    imagePullPolicy: IfNotPresent',
    `    name: ${component}`,
    '    resources:',
    '      requests:',
    ...(requests[component] ?? []).map((request) => `        ${request}`),
    '  hostNetwork: true',
    '  priority: 2000001000',
    '  priorityClassName: system-node-critical',
    'status: {}',
    '',
  ].join('\n');
}

/** kubeadm's phases/controlplane/manifests.go and phases/etcd/local.go. */
const requests: Readonly<Record<string, readonly string[]>> = {
  etcd: ['cpu: 100m', 'memory: 100Mi'],
  'kube-apiserver': ['cpu: 250m'],
  'kube-controller-manager': ['cpu: 200m'],
  'kube-scheduler': ['cpu: 100m'],
};

const annotations: Readonly<Record<string, (ip: string) => string>> = {
  'kube-apiserver': (ip) => `kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: ${ip}:6443`,
  etcd: (ip) => `kubeadm.kubernetes.io/etcd.advertise-client-urls: https://${ip}:2379`,
};

const commands: Readonly<Record<string, (ip: string, endpoints?: readonly string[]) => string[]>> = {
  'kube-apiserver': (ip, endpoints) => [
    'kube-apiserver',
    `--advertise-address=${ip}`,
    '--allow-privileged=true',
    '--authorization-mode=Node,RBAC',
    '--client-ca-file=/etc/kubernetes/pki/ca.crt',
    '--enable-admission-plugins=NodeRestriction',
    '--enable-bootstrap-token-auth=true',
    '--etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt',
    ...(endpoints ? [`--etcd-certfile=${clientFiles.certFile}`, `--etcd-keyfile=${clientFiles.keyFile}`] : []),
    `--etcd-servers=${endpoints?.join(',') ?? 'https://127.0.0.1:2379'}`,
    '--secure-port=6443',
    '--service-cluster-ip-range=10.96.0.0/12',
  ],
  'kube-controller-manager': () => [
    'kube-controller-manager',
    '--bind-address=127.0.0.1',
    '--kubeconfig=/etc/kubernetes/controller-manager.conf',
    '--leader-elect=true',
  ],
  'kube-scheduler': () => [
    'kube-scheduler',
    '--bind-address=127.0.0.1',
    '--kubeconfig=/etc/kubernetes/scheduler.conf',
    '--leader-elect=true',
  ],
};

function etcdCommand(ip: string, name: string): string[] {
  return [
    'etcd',
    `--advertise-client-urls=https://${ip}:2379`,
    '--cert-file=/etc/kubernetes/pki/etcd/server.crt',
    '--data-dir=/var/lib/etcd',
    `--initial-advertise-peer-urls=https://${ip}:2380`,
    `--listen-client-urls=https://127.0.0.1:2379,https://${ip}:2379`,
    `--name=${name}`,
    '--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
  ];
}
