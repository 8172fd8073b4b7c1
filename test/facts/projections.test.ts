import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { drain } from '../../src/actions/drain.ts';
import { changedSince, copyOf } from '../../src/facts/lib/changed-since.ts';
import { controlPlanesOf } from '../../src/facts/lib/control-planes.ts';
import { groupBy } from '../../src/facts/lib/group-by.ts';
import { inventoryNameOf, machinesByObject, nodeObjectFor } from '../../src/facts/lib/identity.ts';
import { machinesWith } from '../../src/facts/lib/machines-with.ts';
import { podsByHome, podsByNode } from '../../src/facts/lib/pods-on.ts';
import { versionsOf } from '../../src/facts/lib/versions.ts';
import { withNode, withNodeObject } from '../../src/facts/lib/with-node.ts';
import { skewState } from '../../src/guards/lib/skew-state.ts';
import type { Facts } from '../../src/facts/facts.ts';
import type { PodFact } from '../../src/facts/pods.ts';
import { largeCluster } from '../plan/large-cluster.ts';

const { facts: start } = largeCluster(9);
const names = Object.keys(start.nodes);

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => a.localeCompare(b);

/** What is kept from one projection to the next. */
function derived(facts: Facts) {
  const { kubelets, apiServers, controllers, kubectls } = skewState(facts);
  const { nodes = [], pods = [] } = facts.cluster ?? {};
  return {
    versions: { ...versionsOf(facts) },
    skew: { kubelets, apiServers, controllers, kubectls },
    objects: names.map((name) => nodeObjectFor(facts, name)),
    inventory: nodes.map(({ name }) => inventoryNameOf(facts, name)),
    machines: machinesByObject(facts),
    controlPlanes: controlPlanesOf(nodes),
    staticPods: machinesWith(facts.nodes, 'staticPods'),
    byNode: [...podsByNode(pods)].toSorted(byKey),
    byHome: [...podsByHome(pods)].toSorted(byKey),
  };
}

/** Groups are carried over from any list of pods, also to a clone. */
function groupsOf(pods: readonly PodFact[]) {
  return {
    byNode: [...groupBy(pods, ({ node }) => node)].toSorted(byKey),
    byHome: [...groupBy(pods, ({ node, drainedFrom }) => node ?? drainedFrom ?? '')].toSorted(byKey),
  };
}

type Change = (facts: Facts, name: string) => Facts;

const changes: Record<string, Change> = {
  drain: (facts, name) =>
    drain.project({
      with: drain.schema.parse({ force: true, deleteEmptydirData: true }),
      node: { name, host: '', role: 'worker' },
      nodes: [],
      facts,
      settings: { kubeconfig: '' },
      run: 'RUN',
    }),
  'another kubelet package': (facts, name) =>
    withNode(facts, name, (node) => ({
      ...node,
      packages: {
        ...(node.packages ?? { manager: 'apt', held: [] }),
        installed: { kubelet: { revision: '1.32.9-1.1', status: 'installed' } },
      },
    })),
  'another static pod': (facts, name) =>
    withNode(facts, name, (all) => {
      const { staticPods: _, ...node } = all;
      return node;
    }),
  'the ids of another machine': (facts, name) =>
    withNode(facts, name, (node) => {
      const { machine } = start.nodes['worker-2'] ?? {};
      return { ...node, ...(machine && { machine: { ...machine } }) };
    }),
  'another kubelet': (facts, name) => withNodeObject(facts, name, (node) => ({ ...node, kubeletVersion: '1.32.9' })),
  'another role': (facts, name) =>
    withNodeObject(facts, name, (node) => ({ ...node, controlPlane: !node.controlPlane })),
  'no Node object': (facts, name) => ({
    ...facts,
    cluster: { ...facts.cluster, nodes: facts.cluster?.nodes?.filter((node) => node.name !== name) ?? [] },
  }),
  'no pod': (facts, name) => ({
    ...facts,
    cluster: { ...facts.cluster, pods: facts.cluster?.pods?.filter((pod) => pod.node !== name) ?? [] },
  }),
  'a pod ahead of all others': (facts, name) => {
    const [like, ...others] = facts.cluster?.pods ?? [];
    if (!like) return facts;
    return { ...facts, cluster: { ...facts.cluster, pods: [{ ...like, name: 'first', node: name }, like, ...others] } };
  },
  'images of a cloud in a list that was read again': (facts, name) => {
    const images = ['registry.k8s.io/provider-aws/cloud-controller-manager:v1.30.0'];
    const pods = facts.cluster?.pods?.map((pod) => (pod.node === name ? { ...pod, images } : pod)) ?? [];
    return { ...facts, cluster: { ...facts.cluster, pods } };
  },
};

test('what is kept from one projection to the next is what fresh facts say', () => {
  const step = fc.tuple(fc.constantFrom(...Object.keys(changes)), fc.constantFrom(...names), fc.boolean());
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      let facts = start;
      for (const [change, name, looked] of steps) {
        facts = changes[change]?.(facts, name) ?? facts;
        if (looked) derived(facts);
      }
      const now = derived(facts);
      expect(now).toEqual(derived(structuredClone(facts)));
      expect(now).toMatchObject(groupsOf(facts.cluster?.pods ?? []));
    }),
    { numRuns: 60 },
  );
});

test('a copy knows where it differs from the last few lists before it, and from no other', () => {
  const lists = [[0, 0, 0]];
  for (let at = 0; at < 12; at += 1) {
    const last = lists.at(-1) ?? [];
    lists.push(copyOf(last, last.with(at % 3, at), [at % 3]));
  }
  const [first = [], , , , , , , , , tenth = [], eleventh = [], , last = []] = lists;
  expect(changedSince(last, last)).toEqual([]);
  expect(changedSince(tenth, last)).toEqual([2, 1, 0]);
  expect(changedSince(last, tenth)).toBeUndefined();
  expect(changedSince(first, last)).toBeUndefined();
  expect(changedSince([...eleventh], last)).toBeUndefined();
});
