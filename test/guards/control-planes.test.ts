import { describe } from 'vitest';
import type { EtcdMember } from '../../src/facts/etcd.ts';
import type { ClusterFacts, Facts, NodeFacts } from '../../src/facts/facts.ts';
import { testCases, type GuardCase } from './cases.ts';
import { addressOf, nodeObject, pod, sketch, stepOn } from './cluster.ts';

const version = '1.31.9';
const planes = ['cp1', 'cp2', 'cp3'];

function member(name: string, more: Partial<EtcdMember> = {}): EtcdMember {
  const id = `id-${name}`;
  const [peerUrls, clientUrls] = [[`https://${addressOf(name)}:2380`], [`https://${addressOf(name)}:2379`]];
  return { id, name, peerUrls, clientUrls, learner: false, healthy: true, leader: name === 'cp3', alarms: [], ...more };
}

interface Change {
  readonly members?: readonly EtcdMember[];
  readonly names?: readonly string[];
  readonly cluster?: Partial<ClusterFacts>;
  readonly nodes?: Readonly<Record<string, NodeFacts>>;
}

/** Three control planes of which cp1 is drained. */
function cluster({ members, names = planes, cluster: more, nodes }: Change = {}): Facts {
  const of = Object.fromEntries(names.map((name) => [name, version]));
  const facts = sketch({ apiServers: of, kubelets: of, clusterVersion: version, cordoned: ['cp1'] });
  const etcd = { external: false, members: members ?? names.map((name) => member(name)) };
  return {
    nodes: { ...facts.nodes, ...nodes },
    cluster: {
      ...facts.cluster,
      kubeadmConfig: { kubernetesVersion: version, controlPlaneEndpoint: 'api.example:6443' },
      pods: [],
      etcd,
      ...more,
    },
  };
}

const remove = stepOn('cp1', 'remove-control-plane');
const removals: readonly GuardCase[] = [
  { title: 'a drained control plane of three may leave', facts: cluster(), step: remove, finds: [] },
  {
    title: 'the last one may not',
    facts: cluster({ names: ['cp1'] }),
    step: remove,
    finds: [['refuse', 'cp1 is the last control plane']],
    node: 'cp1',
  },
  {
    title: 'one that was not drained may not',
    facts: cluster({ cluster: { pods: [pod('web', 'cp1')] } }),
    step: remove,
    finds: [['refuse', 'still runs demo/web']],
    node: 'cp1',
  },
  {
    title: 'one without which etcd has no quorum may not',
    facts: cluster({ members: [member('cp1'), member('cp2', { healthy: false }), member('cp3')] }),
    step: remove,
    finds: [['refuse', 'is needed by etcd: of its 2 other members 1 answer, and 2 must']],
    node: 'cp1',
  },
  {
    title: 'one whose own member is dead may',
    facts: cluster({ members: [member('cp1', { healthy: false }), member('cp2'), member('cp3')] }),
    step: remove,
    finds: [],
  },
  {
    title: 'one that the endpoint of the cluster leads to may not',
    facts: cluster({
      cluster: { kubeadmConfig: { kubernetesVersion: version, controlPlaneEndpoint: `${addressOf('cp1')}:6443` } },
    }),
    step: remove,
    finds: [['refuse', `is where the cluster's controlPlaneEndpoint ${addressOf('cp1')}:6443 leads`]],
    node: 'cp1',
  },
  {
    title: 'one that another kubelet asks alone may not',
    facts: cluster({
      nodes: { w1: { kubelet: { server: `https://${addressOf('cp1')}:6443`, active: true, healthy: true } } },
    }),
    step: remove,
    finds: [['refuse', 'is the API server of the kubelets of w1']],
    node: 'cp1',
  },
  {
    title: 'an external etcd has no member on it',
    facts: cluster({ cluster: { etcd: { external: true, members: [member('etcd-1', { healthy: false })] } } }),
    step: remove,
    finds: [],
  },
];

const health: readonly GuardCase[] = [
  {
    title: 'a member that goes is not judged, the others are',
    facts: cluster({ members: [member('cp1', { healthy: false }), member('cp2', { healthy: false }), member('cp3')] }),
    step: remove,
    finds: [['refuse', 'the etcd member cp2']],
    node: 'cp2',
  },
  {
    title: 'a removal that was interrupted after its member went may continue',
    facts: cluster({ members: [member('cp2'), member('cp3')] }),
    step: remove,
    finds: [],
  },
  {
    title: 'a join that was interrupted before its member started may be repeated',
    facts: cluster({
      members: [...planes.map((name) => member(name)), member('cp4', { name: '', learner: true })],
      nodes: { cp4: spare({}) },
    }),
    step: stepOn('cp4', 'join-control-plane'),
    finds: [],
  },
  {
    title: 'no one joins while a member is dead',
    facts: cluster({
      members: [member('cp1'), member('cp2'), member('cp3', { healthy: false })],
      nodes: { cp4: spare({}) },
    }),
    step: stepOn('cp4', 'join-control-plane'),
    finds: [['refuse', 'the etcd member cp3']],
    node: 'cp3',
  },
];

const answers: readonly GuardCase[] = [
  {
    title: 'the API server that goes may be silent',
    facts: cluster({
      cluster: {
        apiServers: planes.map((node) => ({
          node,
          endpoint: `${addressOf(node)}:6443`,
          version,
          ready: node !== 'cp1',
        })),
      },
    }),
    step: remove,
    finds: [],
  },
];

function spare(change: NodeFacts): NodeFacts {
  return {
    machine: { hostname: 'cp4', machineId: 'four', bootId: 'b', addresses: [addressOf('cp4')] },
    binaries: { kubeadm: version, kubelet: version },
    kubelet: { active: false, healthy: false },
    kernel: { swaps: [], sockets: ['/run/containerd/containerd.sock'] },
    ...change,
  };
}

const join = stepOn('cp4', 'join-control-plane');
const begun = { active: true, healthy: true, server: 'https://api.example:6443', joining: true } as const;
const left = member('cp4', { healthy: false });
const joins: readonly GuardCase[] = [
  {
    title: 'a machine with all that it needs may join',
    facts: cluster({ nodes: { cp4: spare({}) } }),
    step: join,
    finds: [],
  },
  {
    title: 'one with another patch of kubeadm may not',
    facts: cluster({ nodes: { cp4: spare({ binaries: { kubeadm: '1.31.4', kubelet: '1.31.4' } }) } }),
    step: join,
    finds: [['refuse', 'its kubeadm is 1.31.4, the cluster is at 1.31.9']],
    node: 'cp4',
  },
  {
    title: 'one whose member of an earlier time is still there may not',
    facts: cluster({ members: [...planes.map((name) => member(name)), left], nodes: { cp4: spare({}) } }),
    step: join,
    finds: [['refuse', `etcd still has a member cp4 at https://${addressOf('cp4')}:2380`]],
    node: 'cp4',
  },
  {
    title: 'what an interrupted join left is no obstacle',
    facts: cluster({
      members: [...planes.map((name) => member(name)), left],
      nodes: { cp4: spare({ kubelet: begun }) },
    }),
    step: join,
    finds: [],
  },
  {
    title: 'a worker may not become one',
    facts: cluster({
      cluster: { nodes: [...planes, 'cp4'].map((name) => nodeObject(name, { controlPlane: name !== 'cp4' })) },
      nodes: {
        cp4: spare({
          machine: { hostname: 'cp4', machineId: 'id-cp4', bootId: 'b', addresses: [] },
          kubelet: { ...begun, joining: undefined } as never,
        }),
      },
    }),
    step: join,
    finds: [['refuse', 'it is part of a cluster already']],
    node: 'cp4',
  },
  {
    title: 'a cluster without an endpoint takes no second one',
    facts: cluster({ cluster: { kubeadmConfig: { kubernetesVersion: version } }, nodes: { cp4: spare({}) } }),
    step: join,
    finds: [['refuse', 'the cluster has no controlPlaneEndpoint']],
    node: 'cp4',
  },
];

describe('removal of a control plane', () => testCases('removal', removals));
describe('etcd while its members change', () => testCases('etcd-health', health));
describe('API servers while one goes', () => testCases('api-servers-answer', answers));
describe('a control plane that joins', () => testCases('joinable', joins));
