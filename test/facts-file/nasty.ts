import { factsDocument, type FactsDocument } from '../../src/facts-file/document.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { generator } from '../../src/rehearse/faults/generator.ts';

/** Names that contain each other, are words of everyone, or hide in other words. */
const NODES = [
  'node',
  'web',
  'web-1',
  'web-10',
  'a',
  'admin',
  'server',
  'DB01',
  'zq.corp.internal',
  'kube',
  'zq-worker',
];
const NAMESPACES = ['default-app', 'system', 'kube-system-extra', 'zq', 'zq-web', 'access-backup', 'systemd'];

/** Texts in which `zq`, addresses and secrets are someone's. */
const TEXTS = [
  'http://zq:zq%40word!admin@proxy.zq.internal:3128',
  'zq:admin@10.77.1.2:3128',
  'localhost,.zq.internal,10.77.0.0/16,fd12:3456::/48,[fe80::77%zq0]:443',
  'deb [signed-by=/etc/apt/keyrings/zq.gpg] https://zq:admin@Mirror.ZQ.example/k8s/core:/stable:/v1.21/deb/ /',
  '# ask zq.smith+k8s@zq.example before, or ZQ@ZQ.COM',
  '52:54:00:77:77:01 and 52-54-00-77-77-02',
  'CN=zq,O=zq:ops DNS:api.zq.com IP:10.77.7.9 IP:2001:db8:77::8a2e',
  '10.77.1.1-10.77.1.9 ip-10-77-1-3 ip-10-77-1-4.eu-west-1.compute.internal',
  'registry.zq.example:5000/zq/app:zq-1.2',
];

/** What must not be left of it. */
export const CHOSEN =
  /zq|(?<![\d.])10[.-]77[.-]|fd12|fe80::77|db8:77|77:77|77-77|40word|DB01|web-1(?!\d)|web-10|default-app|kube-system-extra|access-backup/gi;

/** A document with other names for its nodes and namespaces, and with texts where people write what is theirs. */
export function nasty(text: string, seed: number): FactsDocument {
  const random = generator(seed);
  const shuffled = (all: readonly string[]) => all.map((one) => [random(), one] as const).toSorted(([a], [b]) => a - b);
  const names = shuffled(NODES).map(([, one]) => one);
  const [namespace = ''] = shuffled(NAMESPACES).map(([, one]) => one);
  const { nodes } = (JSON.parse(text) as FactsDocument).inventory;
  let renamed = text.replaceAll(/(?<=")demo(?=")/g, namespace);
  for (const [at, { name }] of nodes.entries())
    renamed = renamed.replaceAll(new RegExp(`(?<![\\w.])${name}(?![\\w.])`, 'g'), names[at] ?? name);
  const { digest: _digest, format: _format, version: _version, ...document } = JSON.parse(renamed) as FactsDocument;
  const draw = () => TEXTS[Math.floor(random() * TEXTS.length)] ?? '';
  return factsDocument({ ...document, facts: withTexts(document.facts, draw) });
}

function withTexts(facts: Facts, draw: () => string): Facts {
  const cluster = facts.cluster ?? {};
  const nodes = Object.entries(facts.nodes).map(([name, node]) => [
    name,
    {
      ...node,
      proxyVariables: ['HTTP_PROXY', 'NO_PROXY'].map((variable) => ({ name: variable, value: draw() })),
      reboot: { required: false, reason: draw() },
      machine: node.machine && {
        ...node.machine,
        addresses: [...node.machine.addresses, 'fd12:3456::77', '10.77.9.9'],
      },
    },
  ]);
  return {
    ...facts,
    nodes: Object.fromEntries(nodes) as Facts['nodes'],
    cluster: {
      ...cluster,
      nodes: (cluster.nodes ?? []).map((node) => ({
        ...node,
        labels: { ...node.labels, 'team.zq.example/owner': 'zq', 'zq-rack': 'web-1' },
        annotations: {
          ...node.annotations,
          'zq.example/note': draw(),
          'kubeadm.alpha.kubernetes.io/cri-socket': draw(),
        },
      })),
      webhooks: [
        {
          kind: 'ValidatingWebhookConfiguration',
          configuration: 'zq-policy',
          name: 'check.zq.example',
          fails: false,
          service: { namespace: 'zq', name: 'access-backup' },
          rules: [{ groups: ['zq.example'], resources: ['zqs'], operations: ['CREATE'] }],
        },
      ],
      volumeAttachments: [],
      ...(cluster.coreDns && {
        coreDns: { ...cluster.coreDns, corefile: `${cluster.coreDns.corefile ?? ''}# ${draw()}\n` },
      }),
    },
  };
}
