import { describe } from 'vitest';
import type { Facts } from '../../src/facts/facts.ts';
import type { PodFact } from '../../src/facts/pods.ts';
import { testCases, type GuardCase } from './cases.ts';
import { nodeObject, pod, sketch, stepOn } from './cluster.ts';

const bare = sketch({ apiServers: { cp1: '1.31.9' }, kubelets: { cp1: '1.31.9', w1: '1.31.9', w2: '1.31.9' } });

function cluster(cordoned: readonly string[], pods: readonly PodFact[]): Facts {
  const nodes = Object.keys(bare.nodes).map((name) =>
    nodeObject(name, { unschedulable: cordoned.includes(name), controlPlane: name === 'cp1' }),
  );
  return { ...bare, cluster: { ...bare.cluster, nodes, pods } };
}

const daemon = pod('proxy-1', 'w1', { controller: { kind: 'DaemonSet', name: 'proxy', exists: true } });
const elsewhere = pod('web-1', 'w2');
const { controller: _, ...naked } = pod('tool', 'w1');

const held = (facts: Facts): Facts => ({
  ...facts,
  cluster: { ...facts.cluster, volumeAttachments: [{ name: 'csi-1', node: 'w1', volume: 'pvc-1' }] },
});
const volumeCases: readonly GuardCase[] = [
  {
    title: 'a drained worker with a volume may not leave',
    facts: held(cluster(['w1'], [daemon])),
    step: stepOn('w1', 'remove-node'),
    finds: [['refuse', 'volumes are still attached to w1 although it is drained: pvc-1']],
    node: 'w1',
  },
  {
    title: 'it is warned of before a reboot',
    facts: held(cluster(['w1'], [daemon])),
    step: stepOn('w1', 'reboot'),
    finds: [['warn', 'still attached to w1']],
  },
  {
    title: 'a pod that stays may be what uses it',
    facts: held(cluster(['w1'], [{ ...daemon, bound: ['volume claims'] }])),
    step: stepOn('w1', 'reset-node'),
    finds: [],
  },
  {
    title: 'a node that still runs its pods uses its volumes',
    facts: held(cluster(['w1'], [daemon, pod('web-1', 'w1')])),
    step: stepOn('w1', 'reboot'),
    finds: [],
  },
  { title: 'a node in service', facts: held(cluster([], [daemon])), step: stepOn('w1', 'reboot'), finds: [] },
  { title: 'one of another node', facts: held(cluster(['w2'], [])), step: stepOn('w2', 'remove-node'), finds: [] },
];

const cases: readonly GuardCase[] = [
  {
    title: 'a drained worker may be reset and removed',
    facts: cluster(['w1'], [daemon, elsewhere]),
    step: stepOn('w1', 'reset-node'),
    finds: [],
  },
  {
    title: 'one that takes new pods may not',
    facts: cluster([], [daemon]),
    step: stepOn('w1', 'reset-node'),
    finds: [['refuse', 'w1 is not cordoned']],
    node: 'w1',
  },
  {
    title: 'one that still runs pods may not, whether they have a controller or not',
    facts: cluster(['w1'], [pod('web-2', 'w1'), naked]),
    step: stepOn('w1', 'remove-node'),
    finds: [['refuse', 'still runs demo/web-2, demo/tool']],
    node: 'w1',
  },
  {
    title: 'a control plane may not at all',
    facts: cluster(['cp1'], []),
    step: stepOn('cp1', 'remove-node'),
    finds: [['refuse', 'is a control plane']],
    node: 'cp1',
  },
];

describe('removal', () => testCases('removal', cases));
describe('volumes of a drained node', () => testCases('volumes-detached', volumeCases));
