import { describe, expect, it } from 'vitest';
import { anonymousText, anonymousVersion } from '../../src/facts-file/anonymise/text.ts';
import { image, labelKey, labelValue, owner, pod } from '../../src/facts-file/anonymise/kinds.ts';
import { Replacements } from '../../src/facts-file/anonymise/replacements.ts';

function known(): Replacements {
  const names = new Replacements();
  for (const node of ['cp-1', 'zebra-2']) names.of(node, 'node');
  return names;
}

describe('a text', () => {
  it.each([
    [
      '--etcd-servers=https://10.1.2.3:2379,https://[fd12::7]:2379',
      '--etcd-servers=https://10.0.0.1:2379,https://[fd00::1]:2379',
    ],
    ['http://alice:p%40ss!admin@zebra.example:3128/', 'http://user-1:secret-1@host-1.example:3128/'],
    ['https://:token@zebra.example', 'https://:secret-1@host-1.example'],
    ['/home/mark/kube/config', '/home/user-1/kube/config'],
    ['root:system@10.1.2.3:3128', 'user-1:secret-1@10.0.0.1:3128'],
    ['pause:3.9@sha256:0', 'pause:3.9@sha256:0'],
    ['52:54:00:12:34:56, 52-54-00-12-34-56', '02:00:00:00:00:01, 02:00:00:00:00:02'],
    ['10.1.2.3-10.1.2.9 ip-10-1-2-3', '10.0.0.1-10.0.0.2 word-1'],
    ['https://127.0.0.1:2379 [::1]:2379 0.0.0.0', 'https://127.0.0.1:2379 [::1]:2379 0.0.0.0'],
    ['/etc/kubernetes/pki/front-proxy-client.crt', '/etc/kubernetes/pki/front-proxy-client.crt'],
    ['/etc/zebra/audit-zebra.yaml', '/etc/word-1/audit-word-1.yaml'],
    ['https://pkgs.k8s.io/core:/stable:/v1.32/deb/', 'https://pkgs.k8s.io/core:/stable:/v1.32/deb/'],
    [
      'https://mirror.zebra.example/k8s/core:/stable:/v1.32/deb/',
      'https://host-1.example/k8s/core:/stable:/v1.32/deb/',
    ],
    ['kube-apiserver-zebra-2 on cp-1', 'kube-apiserver-node-2 on node-1'],
    ['kubelet is posting ready status', 'kubelet is posting ready status'],
    ['forward . 10.9.9.9 { max_concurrent 1000 }', 'forward . 10.0.0.1 { max_concurrent 1000 }'],
    ['kubernetes cluster.local in-addr.arpa', 'kubernetes cluster.local in-addr.arpa'],
    ['zebra.internal Zürich straße', 'host-1.example word-1 word-2'],
    ['unix:///run/containerd/containerd.sock', 'unix:///run/containerd/containerd.sock'],
    ['123456789012 5m0s 170Mi 2026-11-30T11:00:00Z', expect.stringMatching(/^\S+ 5m0s 170Mi 2026-11-30T11:00:00Z$/)],
    [
      'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      expect.stringMatching(/^(?!f81d)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    ],
  ])('%s', (text, expected) => {
    expect(anonymousText(text, known())).toEqual(expected);
  });
});

it.each([
  ['1.32.9-1.1', '1.32.9-1.1'],
  ['2:1.20.2-00', '2:1.20.2-00'],
  ['v1.31.4-eks-2d5f260', 'v1.31.4-eks-2d5f260'],
  ['1.31.4+zebra.7', '1.31.4+word-1.7'],
  ['3.5.24-0', '3.5.24-0'],
])('the version %s', (version, expected) => {
  expect(anonymousVersion(version, known())).toBe(expected);
});

it.each([
  ['registry.k8s.io/kube-apiserver:v1.32.9', 'registry.k8s.io/kube-apiserver:v1.32.9'],
  ['registry.zebra.example:5000/team/kube-proxy:v1.32.9', 'host-1.example:5000/image-1/kube-proxy:v1.32.9'],
  ['docker.io/calico/node:v3.29.1', 'docker.io/calico/node:v3.29.1'],
  ['registry.zebra.example/k8s', 'host-1.example/image-1'],
])('the image %s', (text, expected) => {
  expect(image(text, known())).toBe(expected);
});

it('a ReplicaSet keeps the name of its Deployment before the hash that its pods have as a label', () => {
  const names = known();
  const hash = labelValue('5bbd96d687', names);
  expect(['coredns-5bbd96d687', 'shop-5bbd96d687', 'shop', 'kube-proxy'].map((one) => owner(one, names))).toEqual([
    `coredns-${hash}`,
    `owner-1-${hash}`,
    'owner-1',
    'kube-proxy',
  ]);
});

it('labels keep what Kubernetes means by them', () => {
  const names = known();
  const keys = ['kubernetes.io/hostname', 'node-role.kubernetes.io/zebra', 'zebra.example/team', 'team', 'k8s-app'];
  expect(keys.map((key) => labelKey(key, names))).toEqual([
    'kubernetes.io/hostname',
    'node-role.kubernetes.io/label-1',
    'host-1.example/label-2',
    'label-2',
    'k8s-app',
  ]);
  expect(['zebra-2', 'kube-dns', 'zebra', '7'].map((value) => labelValue(value, names))).toEqual([
    'node-2',
    'kube-dns',
    'label-1',
    '7',
  ]);
  expect(['kube-apiserver-zebra-2', 'kube-apiserver', 'zebra-x1'].map((one) => pod(one, names))).toEqual([
    'kube-apiserver-node-2',
    'pod-1',
    'pod-2',
  ]);
});
