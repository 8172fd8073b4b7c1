import type { Facts } from '../../src/facts/facts.ts';
import type { NodeObject } from '../../src/facts/nodes.ts';
import type { PdbFact } from '../../src/facts/pdbs.ts';
import type { PodFact } from '../../src/facts/pods.ts';
import type { GuardCase } from './cases.ts';
import { nodeObject, pdb, pod, sketch, stepOn } from './cluster.ts';

const MI = 2 ** 20;
const bare = sketch({
  apiServers: { cp1: '1.31.9' },
  kubelets: { cp1: '1.31.9', w1: '1.31.9', w2: '1.31.9', w3: '1.31.9' },
});
const taint = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };
/** Four cores and 8 GiB each. */
const room = { cpu: 4000, memory: 8192 * MI, pods: 110 };

interface Given {
  readonly pods: readonly PodFact[];
  readonly pdbs?: readonly PdbFact[];
  /** The node that does not say what it has. */
  readonly silent?: string;
  /** Changes of Node objects. */
  readonly nodes?: Readonly<Record<string, Partial<NodeObject>>>;
}

function cluster({ pods, pdbs = [], nodes = {}, silent }: Given): Facts {
  const names = Object.keys(bare.nodes);
  const objects = names.map((name) =>
    nodeObject(name, {
      ...(name === silent ? {} : { allocatable: room }),
      ...(name === 'cp1' ? { taints: [taint] } : {}),
      ...nodes[name],
    }),
  );
  return { ...bare, cluster: { ...bare.cluster, nodes: objects, pods, pdbs } };
}

function big(name: string, node: string, change: Partial<PodFact> = {}): PodFact {
  return pod(name, node, { requests: { cpu: 3000, memory: 1024 * MI }, ...change });
}

const drained = stepOn('w1', 'drain');
const off = { unschedulable: true };
const full = [big('db-2', 'w2'), big('db-3', 'w3')];

function roomCase(title: string, given: Given, ...finds: GuardCase['finds']): GuardCase {
  return { title, facts: cluster(given), step: drained, finds, ...(finds.length > 0 ? { node: 'w1' } : {}) };
}

export const roomCases: readonly GuardCase[] = [
  roomCase('a pod that fits beside what runs elsewhere', { pods: [big('db-1', 'w1'), big('db-2', 'w2')] }),
  roomCase('one that fits nowhere, as all others are taken', { pods: [big('db-1', 'w1'), ...full] }, [
    'warn',
    'demo/db-1 (no suitable node has room for cpu 3; w2 has the most left, cpu 1)',
  ]),
  roomCase('memory that is short', { pods: [pod('db-1', 'w1', { requests: { cpu: 100, memory: 9000 * MI } })] }, [
    'warn',
    'no suitable node has room for memory 8.8Gi',
  ]),
  roomCase('two of which one fits', { pods: [big('a-1', 'w1'), big('b-1', 'w1'), big('db-2', 'w2')] }, [
    'warn',
    'demo/b-1',
  ]),
  roomCase('what is finished takes no room', {
    pods: [big('db-1', 'w1'), ...full.map((one) => ({ ...one, phase: 'Succeeded' }))],
  }),
  roomCase(
    'no pod is left to be had',
    { pods: [pod('web-1', 'w1')], nodes: { w2: { allocatable: { ...room, pods: 0 } }, w3: off } },
    ['warn', 'no suitable node has room for pods 1'],
  ),
  roomCase('other nodes that are cordoned', { pods: [pod('web-1', 'w1')], nodes: { w2: off, w3: off } }, [
    'warn',
    'its nodeSelector, affinity and tolerations suit none',
  ]),
  roomCase(
    'other nodes that are not Ready',
    { pods: [pod('web-1', 'w1')], nodes: { w2: { ready: false }, w3: off, cp1: off } },
    ['warn', 'no other node is Ready and schedulable'],
  ),
  roomCase('a node beside them of which nobody knows what it has, as it is going to join', {
    pods: [big('db-1', 'w1'), ...full],
    silent: 'w3',
  }),
  roomCase('a taint that it tolerates by key', {
    pods: [pod('dns-1', 'w1', { tolerations: [{ key: taint.key, operator: 'Exists' }] })],
    nodes: { w2: off, w3: off },
  }),
  roomCase('a taint that it tolerates with all others', {
    pods: [pod('dns-1', 'w1', { tolerations: [{ operator: 'Exists' }] })],
    nodes: { w2: off, w3: off },
  }),
  roomCase(
    'a taint of another value',
    {
      pods: [pod('gpu-1', 'w1', { tolerations: [{ key: 'gpu', value: 'a' }] })],
      nodes: { w2: { taints: [{ key: 'gpu', value: 'b', effect: 'NoSchedule' }] }, w3: off },
    },
    ['warn', 'demo/gpu-1'],
  ),
  roomCase('a taint that only asks to go elsewhere', {
    pods: [pod('web-1', 'w1')],
    nodes: { w2: { taints: [{ key: 'old', effect: 'PreferNoSchedule' }] }, w3: off },
  }),
  roomCase('a node selector that another node has', {
    pods: [pod('ssd-1', 'w1', { nodeSelector: { disk: 'ssd' } })],
    nodes: { w2: { labels: { disk: 'ssd' } } },
  }),
  roomCase('a node selector that none other has', { pods: [pod('ssd-1', 'w1', { nodeSelector: { disk: 'ssd' } })] }, [
    'warn',
    'demo/ssd-1 (its nodeSelector, affinity and tolerations suit none',
  ]),
  roomCase('node affinity of which one term holds', {
    pods: [
      pod('zone-1', 'w1', {
        nodeAffinity: [
          { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] },
          { matchExpressions: [{ key: 'cores', operator: 'Gt', values: ['8'] }] },
        ],
      }),
    ],
    nodes: { w3: { labels: { cores: '16' } } },
  }),
  roomCase(
    'node affinity to its own node',
    { pods: [pod('here-1', 'w1', { nodeAffinity: [{ matchExpressions: [], names: ['w1'] }] })] },
    ['warn', 'demo/here-1'],
  ),
  roomCase(
    'pods that an earlier drain sent away take their room first',
    {
      pods: [big('db-1', 'w1'), big('db-2', 'w2'), withoutNode(big('gone-1', 'w3'))],
    },
    ['warn', 'demo/db-1'],
  ),
  roomCase('a DaemonSet’s pod, which stays', {
    pods: [big('agent-1', 'w1', { controller: { kind: 'DaemonSet', name: 'agent', exists: true } }), ...full],
  }),
  roomCase('nodes that do not say what they have', {
    pods: [big('db-1', 'w1'), ...full],
    nodes: Object.fromEntries(Object.keys(bare.nodes).map((name) => [name, nodeObject(name)])),
  }),
];

function withoutNode(one: PodFact): PodFact {
  const { node: _, ...rest } = one;
  return rest;
}

const pair = [pod('web-1', 'w1'), pod('web-2', 'w1')];

export const togetherCases: readonly GuardCase[] = [
  roomCase('all replicas on the node and no budget', { pods: pair }, ['warn', 'all 2 replicas of demo/ReplicaSet rs']),
  roomCase('a budget lets them go one by one', { pods: pair, pdbs: [pdb('web')] }),
  roomCase('a budget of other pods does not', { pods: pair, pdbs: [pdb('web', { namespace: 'other' })] }, [
    'warn',
    'web-1, web-2',
  ]),
  roomCase('one more elsewhere', { pods: [...pair, pod('web-3', 'w2')] }),
  roomCase('one more elsewhere that is going', { pods: [...pair, pod('web-3', 'w2', { deleting: true })] }, [
    'warn',
    'go together',
  ]),
  roomCase('a single replica goes alone', { pods: [pod('web-1', 'w1')] }),
  roomCase(
    'of a StatefulSet',
    { pods: pair.map((one) => ({ ...one, controller: { kind: 'StatefulSet', name: 'db' } })) },
    ['warn', 'demo/StatefulSet db'],
  ),
  roomCase('pods of a Job do not stand for one another', {
    pods: pair.map((one) => ({ ...one, controller: { kind: 'Job', name: 'import' } })),
  }),
];

const going = { deleting: true, deletedAt: '2026-11-21T06:00:00Z' };

export const terminatingCases: readonly GuardCase[] = [
  roomCase('a pod that ends', { pods: [pod('web-1', 'w1', going)] }),
  roomCase('a deleted pod with a finalizer', { pods: [pod('web-1', 'w1', { ...going, finalizers: ['a.io/keep'] })] }, [
    'warn',
    'demo/web-1 (a.io/keep)',
  ]),
  roomCase('a finalizer of a pod that nobody deleted', { pods: [pod('web-1', 'w1', { finalizers: ['a.io/keep'] })] }),
  roomCase('the finalizer that the Job controller takes away', {
    pods: [pod('job-1', 'w1', { ...going, finalizers: ['batch.kubernetes.io/job-tracking'] })],
  }),
  roomCase('such a pod of another node', { pods: [pod('web-1', 'w2', { ...going, finalizers: ['a.io/keep'] })] }),
];

const unready = pod('web-1', 'w1', { ready: false });
const never = pdb('web', { maxUnavailable: '0', disruptionsAllowed: 0, desiredHealthy: 3 });
const few = { disruptionsAllowed: 0, currentHealthy: 1 };

function policyCase(policy: string, severity: 'refuse' | 'warn'): GuardCase {
  const facts = cluster({ pods: [pod('web-1', 'w1')], pdbs: [never] });
  const step = stepOn('w1', 'drain', { onBlocked: policy, reason: 'maintenance' });
  return { title: `a budget that never allows, with ${policy}`, facts, step, finds: [[severity, 'can never allow']] };
}

export const blockedCases: readonly GuardCase[] = [
  policyCase('fail', 'refuse'),
  policyCase('wait', 'refuse'),
  policyCase('skip-node', 'warn'),
  policyCase('force', 'warn'),
  roomCase('a pod that is not ready, while enough others are', {
    pods: [unready],
    pdbs: [pdb('web', { disruptionsAllowed: 0, currentHealthy: 2 })],
  }),
  roomCase('a pod that is not ready, while too few others are', { pods: [unready], pdbs: [pdb('web', few)] }, [
    'warn',
    'pods that are not ready wait for the others too',
  ]),
  roomCase('a pod that is not ready, which may always go', {
    pods: [unready],
    pdbs: [pdb('web', { ...few, freesUnhealthy: true })],
  }),
  {
    title: 'a budget that covers no pod, without any step',
    facts: cluster({ pods: [pod('web-1', 'w1')], pdbs: [pdb('typo', { namespace: 'demo2', expectedPods: 0 })] }),
    finds: [['note', 'cover no pod: demo2/typo']],
  },
  {
    title: 'a budget of pods that are there, without any step',
    facts: cluster({ pods: [pod('web-1', 'w1')], pdbs: [never] }),
    finds: [],
  },
];
