import { describe, expect, it, test } from 'vitest';
import { ETCD_FLOOR, shippedEtcd } from '../../src/facts/lib/etcd-releases.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { Failure } from '../../src/failure.ts';
import { type Chosen, findWay, hopMinors } from '../../src/plan/hops.ts';
import { type ClusterSketch, sketch } from '../guards/cluster.ts';

const OFFERED: Record<string, string[]> = {
  '1.21': ['1.21.0-00', '1.21.3-00'],
  '1.32': ['1.32.4-1.1', '1.32.10-1.1', '1.32.9-1.1', '1.32.11~rc.1-1.1'],
  '1.33': ['1.33.0-1.1', '1.33.4-1.1', '1.33.12-1.1'],
};

interface Options {
  readonly etcd?: string;
  readonly offered?: Record<string, string[]>;
}

/** The cluster with static pods on its control planes, and the same repositories for all. */
function cluster(shape: ClusterSketch, { etcd = '3.5.24-0', offered = OFFERED }: Options = {}): Facts {
  const facts = sketch(shape);
  const minors = Object.entries(offered).map(([minor, revisions]) => {
    const of = Object.fromEntries(['kubeadm', 'kubelet', 'kubectl'].map((name) => [name, revisions]));
    return [minor, { url: '', revisions: of }];
  });
  const nodes = Object.entries(facts.nodes).map(([name, node]): [string, NodeFacts] => {
    const version = shape.apiServers?.[name];
    const components = {
      'kube-apiserver': { image: `kube-apiserver:v${version ?? ''}`, tag: `v${version ?? ''}` },
      etcd: { image: `etcd:${etcd}`, tag: etcd },
    };
    return [
      name,
      {
        ...node,
        offered: Object.fromEntries(minors),
        ...(version === undefined ? {} : { staticPods: { components } }),
      },
    ];
  });
  return { ...facts, nodes: Object.fromEntries(nodes) };
}

function ha(version: string, more: Partial<ClusterSketch> = {}): ClusterSketch {
  return {
    apiServers: { cp1: version, cp2: version, cp3: version },
    kubelets: { cp1: version, cp2: version, cp3: version, w1: version },
    ...more,
  };
}

function through(to: string, facts: Facts, chosen: Chosen = {}): string {
  const { from, hops } = findWay(to, facts, chosen);
  return [from, ...hops.map(({ version }) => version)].join(' ');
}

it('ends a half-done hop at a newer patch where the one begun does harm here', () => {
  const offered = { '1.34': ['1.34.1-1.1', '1.34.3-1.1'] };
  const facts = cluster(ha('1.33.12', { apiServers: { cp1: '1.34.1', cp2: '1.33.12', cp3: '1.33.12' } }), { offered });
  expect(through('1.35.1', facts)).toBe('1.33.12 1.34.1 1.35.1');
  const machine = { hostname: 'short', machineId: 'm', bootId: 'b', addresses: [] };
  const nodes = { ...facts.nodes, w1: { ...facts.nodes['w1'], machine } };
  expect(through('1.35.1', { ...facts, nodes })).toBe('1.33.12 1.34.3 1.35.1');
});

describe('the way through the minors', () => {
  const half = { cp1: '1.33.4', cp2: '1.32.9', cp3: '1.32.9' };
  it.each<[string, string, Facts, Chosen, string]>([
    ['goes by the newest patch offered', '1.33.4', cluster(ha('1.31.9')), {}, '1.31.9 1.32.10 1.33.4'],
    ['is one hop to the next minor', '1.32.9', cluster(ha('1.31.9')), {}, '1.31.9 1.32.9'],
    ['is one hop to another patch', '1.31.13', cluster(ha('1.31.9')), {}, '1.31.9 1.31.13'],
    ['is one hop where there is nothing to do', '1.31.9', cluster(ha('1.31.9')), {}, '1.31.9 1.31.9'],
    [
      'goes by the old revisions too',
      '1.22.0',
      cluster(ha('1.20.2'), { etcd: '3.4.13-0' }),
      {},
      '1.20.2 1.21.3 1.22.0',
    ],
    ['goes by what is given', '1.33.4', cluster(ha('1.31.9')), { via: ['1.32.4'] }, '1.31.9 1.32.4 1.33.4'],
    [
      "takes a given patch of the cluster's own minor first",
      '1.34.1',
      cluster(ha('1.33.4')),
      { via: ['1.33.12'] },
      '1.33.4 1.33.12 1.34.1',
    ],
    [
      'takes a patch whose etcd is fit for 3.6, where the newest is not known to be worse',
      '1.34.1',
      cluster(ha('1.32.9')),
      {},
      '1.32.9 1.33.12 1.34.1',
    ],
    [
      'takes the newest where no known one is fit: the guard refuses it',
      '1.34.1',
      cluster(ha('1.32.9'), { offered: { '1.33': ['1.33.4-1.1', '1.33.0-1.1'] } }),
      {},
      '1.32.9 1.33.4 1.34.1',
    ],
    [
      'finishes a half-done hop at its own patch',
      '1.33.12',
      cluster({ ...ha('1.31.9'), apiServers: { cp1: '1.32.9', cp2: '1.31.9', cp3: '1.31.9' } }),
      {},
      '1.31.9 1.32.9 1.33.12',
    ],
    [
      'leaves the patch of a half-done hop where its etcd is below the floor',
      '1.34.1',
      cluster({ ...ha('1.32.9'), apiServers: half }),
      {},
      '1.32.9 1.33.12 1.34.1',
    ],
    [
      'takes kubelets along that were left behind',
      '1.34.1',
      cluster(
        { ...ha('1.33.4'), kubelets: { cp1: '1.33.4', cp2: '1.33.4', cp3: '1.32.9', w1: '1.32.9' } },
        { etcd: '3.5.26-0' },
      ),
      {},
      '1.33.4 1.33.4 1.34.1',
    ],
    [
      'does not go back for kubelets once a control plane has gone on',
      '1.34.1',
      cluster({
        ...ha('1.33.4'),
        kubelets: { cp1: '1.33.4', cp2: '1.33.4', cp3: '1.33.4', w1: '1.32.9' },
        kubeadm: { cp1: '1.34.1' },
      }),
      {},
      '1.33.4 1.34.1',
    ],
    [
      'keeps what a saved plan chose and passes over what is of no use any more',
      '1.33.4',
      cluster(ha('1.31.9')),
      { saved: ['1.30.4', '1.32.4', '1.33.4'] },
      '1.31.9 1.32.4 1.33.4',
    ],
  ])('%s', (_, to, facts, chosen, expected) => {
    expect(through(to, facts, chosen)).toBe(expected);
  });

  test('tells which hop is the first and the last', () => {
    const { hops } = findWay('1.34.1', cluster(ha('1.31.9')), {});
    expect(hops.map(({ first, last }) => [first, last])).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  test('is not known where nobody tells the version of the cluster', () => {
    expect(() => hopMinors('1.34.1', { nodes: {} })).toThrow(Failure);
  });

  test('ends where a repository in between offers nothing that all nodes can have', () => {
    const facts = cluster(ha('1.31.9'), { offered: {} });
    expect(() => findWay('1.33.4', facts, {})).toThrow(/no patch of 1\.32 is offered/);
  });
});

test('a release newer than the table ships at least what the last known one does', () => {
  expect(shippedEtcd('1.33.4')).toEqual({ atLeast: '3.5.21', certain: true });
  expect(shippedEtcd('1.33.99')).toEqual({ atLeast: ETCD_FLOOR, certain: false });
  expect(shippedEtcd('1.99.0')).toMatchObject({ certain: false });
  expect(shippedEtcd('1.10.0')).toBeUndefined();
});
