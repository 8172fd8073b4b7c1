import type { Facts } from '../../src/facts/facts.ts';
import type { BoundStep } from '../../src/actions/bound-step.ts';
import type { GuardCase } from './cases.ts';
import { sketch, stepOn } from './cluster.ts';

/** Control planes at a release with these tags of etcd. */
function members(tags: readonly string[], version = '1.33.4'): Facts {
  const names = tags.map((_, index) => `cp${index + 1}`);
  const all = Object.fromEntries(names.map((name) => [name, version]));
  const facts = sketch({ apiServers: all, kubelets: { ...all, w1: version } });
  const nodes = Object.entries(facts.nodes).map(([name, node]) => {
    const tag = tags[names.indexOf(name)];
    const pods = tag === undefined ? {} : { staticPods: { components: { etcd: { image: `etcd:${tag}`, tag } } } };
    return [name, { ...node, ...pods }] as const;
  });
  return { ...facts, nodes: Object.fromEntries(nodes) };
}

function listed(release: string, image: string, facts: Facts): Facts {
  const prefetched = { archives: {}, images: [], needs: { [release]: ['registry.k8s.io/pause:3.10', image] } };
  return { ...facts, nodes: { ...facts.nodes, cp2: { ...facts.nodes['cp2'], prefetched } } };
}

function pinned(imageTag: string, facts: Facts): Facts {
  return {
    ...facts,
    cluster: { ...facts.cluster, kubeadmConfig: { kubernetesVersion: '1.33.4', etcd: { imageTag } } },
  };
}

function apply(version: string, node = 'cp1'): BoundStep {
  return stepOn(node, 'kubeadm-upgrade-apply', { version });
}

const low = '3.5.24-0';
const fit = '3.5.26-0';

export const etcdFloorCases: readonly GuardCase[] = [
  {
    title: 'all below the floor',
    facts: members([low, low, low]),
    step: apply('1.34.1'),
    finds: [
      ['refuse', '1.34.1 brings etcd 3.6.4 (by table), and members are below 3.5.26, where removed members could'],
    ],
  },
  {
    title: 'one below the floor',
    facts: members([fit, low, fit]),
    step: apply('1.34.1'),
    finds: [['refuse', 'back: cp2 (3.5.24-0)']],
  },
  {
    title: 'just below the floor',
    facts: members(['3.5.25-0', fit, fit]),
    step: apply('1.34.1'),
    finds: [['refuse', 'cp1']],
  },
  {
    title: 'all at the floor, below what is recommended',
    facts: members([fit, fit, '3.5.32-0']),
    step: apply('1.34.1'),
    finds: [['note', 'etcd recommends 3.5.32 or newer: cp1 (3.5.26-0), cp2 (3.5.26-0)']],
  },
  { title: 'all as recommended', facts: members(['3.5.32-0', '3.5.33-0']), step: apply('1.34.1'), finds: [] },
  {
    title: 'a single member',
    facts: members([low]),
    step: apply('1.34.1'),
    finds: [['note', 'etcd recommends 3.5.32 or newer: cp1 (3.5.24-0)']],
  },
  {
    title: 'etcd 3.7 after what 1.36 ships, also of one member',
    facts: members(['3.6.8-0'], '1.36.4'),
    step: apply('1.37.1'),
    finds: [['warn', '1.37.1 brings etcd 3.7.0 (by table), and members are below 3.6.11']],
  },
  { title: 'etcd 3.7 after 3.6.11', facts: members(['3.6.11-0'], '1.36.4'), step: apply('1.37.1'), finds: [] },
  {
    title: 'what the own kubeadm of the release listed counts, not the table',
    facts: listed('1.34.9', 'registry.example.com/k8s/etcd:3.6.12-0', members([low, low])),
    step: apply('1.34.9'),
    finds: [['refuse', '1.34.9 brings etcd 3.6.12, and members are below']],
  },
  {
    title: 'a list with an etcd that stays in its minor',
    facts: listed('1.34.9', 'registry.example.com/k8s/etcd:3.5.33-0', members([low, low])),
    step: apply('1.34.9'),
    finds: [],
  },
  {
    title: 'a step that leaves etcd as it is',
    facts: members([low, low]),
    step: stepOn('cp1', 'kubeadm-upgrade-apply', { version: '1.34.1', etcdUpgrade: false }),
    finds: [],
  },
  { title: 'a pinned etcd stays', facts: pinned('3.5.24-0', members([low, low])), step: apply('1.34.1'), finds: [] },
  {
    title: 'a pin that moves it',
    facts: pinned('3.6.6-0', members([low, low])),
    step: apply('1.34.1'),
    finds: [['refuse', 'etcd.local.imageTag of kubeadm-config brings etcd 3.6.6, and members']],
  },
  { title: 'external etcd', facts: members([]), step: apply('1.34.1', 'w1'), finds: [] },
  { title: 'to 1.33, still etcd 3.5', facts: members([low, low, low], '1.32.9'), step: apply('1.33.12'), finds: [] },
  {
    title: 'another patch of 1.34',
    facts: members(['3.6.4-0', '3.6.4-0'], '1.34.1'),
    step: apply('1.34.3'),
    finds: [],
  },
  {
    title: 'one of two has gone ahead',
    facts: members(['3.6.4-0', low]),
    step: apply('1.34.1', 'cp2'),
    finds: [['refuse', 'cp2 (3.5.24-0)']],
  },
  {
    title: 'a further one below the floor',
    facts: members(['3.6.4-0', low]),
    step: stepOn('cp2', 'kubeadm-upgrade-node', { version: '1.34.1' }),
    finds: [['refuse', 'cp2 (3.5.24-0)']],
  },
  {
    title: 'what is recommended is said with the first one',
    facts: members(['3.6.4-0', fit]),
    step: stepOn('cp2', 'kubeadm-upgrade-node', { version: '1.34.1' }),
    finds: [],
  },
  {
    title: 'what has gone ahead is not asked again',
    facts: members(['3.6.4-0', low]),
    step: apply('1.34.1'),
    finds: [],
  },
  {
    title: 'a release of which only a lower bound is known will have brought it',
    facts: members(['3.5.24-0+', '3.5.26-0+']),
    step: apply('1.34.1'),
    finds: [['note', 'not known here: cp1 (3.5.24 or newer)']],
  },
  {
    title: 'a lower bound at the floor',
    facts: members(['3.5.26-0+', '3.5.26-0+']),
    step: apply('1.34.1'),
    finds: [['note', 'etcd recommends 3.5.32 or newer: cp1 (3.5.26 or newer), cp2 (3.5.26 or newer)']],
  },
  {
    title: 'a lower bound that is beyond the floor already',
    facts: members(['3.6.5-0+', '3.6.5-0+'], '1.34.9'),
    step: apply('1.35.1'),
    finds: [],
  },
  {
    title: 'an image whose tag is no version',
    facts: members(['main', '3.5.26-0']),
    step: apply('1.34.1'),
    finds: [['note', 'not known here: cp1 (main)']],
  },
  {
    title: 'a target newer than the table',
    facts: members([low, low]),
    step: apply('1.99.0'),
    finds: [['refuse', '1.99.0 brings etcd 3.7.0 (by table)']],
  },
  { title: '1.20 to 1.21', facts: members(['3.4.13-0', '3.4.13-0'], '1.20.2'), step: apply('1.21.3'), finds: [] },
  {
    title: '1.21 to 1.22 moves etcd 3.4 to 3.5',
    facts: members(['3.4.13-0', '3.4.13-0'], '1.21.3'),
    step: apply('1.22.0'),
    finds: [],
  },
  { title: 'no step', facts: members([low, low]), finds: [] },
];
