import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseFacts } from '../../src/facts-file/parse.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { clusterFacts } from '../../src/facts/registry.ts';
import { fixture, parsed, podLines } from '../facts/fixture.ts';
import { asJson, compareTwin, textsOf } from './twins.ts';

test('the twin of the cluster of the fixtures has its Node objects, pods and budgets', async () => {
  const cluster: NonNullable<Facts['cluster']> = {
    nodes: parsed(clusterFacts.nodes, fixture('nodes.json')),
    pods: parsed(clusterFacts.pods, podLines()),
    pdbs: parsed(clusterFacts.pdbs, fixture('pdbs.json')),
    leases: parsed(clusterFacts.leases, fixture('leases.json')),
  };
  const nodes = (cluster.nodes ?? []).map(({ name, addresses, controlPlane }) => ({
    name,
    host: addresses[0]?.address ?? '',
    role: controlPlane ? ('control-plane' as const) : ('worker' as const),
  }));
  const none = Object.fromEntries(nodes.map(({ name }) => [name, {}]));
  const comparison = await compareTwin(
    {
      readAt: '2026-11-21T06:00:00.000Z',
      inventory: { cluster: 'fixtures', nodes },
      facts: asJson({ nodes: none, cluster }),
    },
    ['1.21'],
  );
  expect(nodes.length).toBeGreaterThan(2);
  expect(textsOf(comparison)).toEqual([]);
});

test.each(['single', 'ha'])(
  'the twin of a real cluster (%s) differs in nothing that a plan stands on',
  async (kind) => {
    const file = new URL(`../fixtures/facts-file/kubeadm-1.20.2-${kind}.json`, import.meta.url);
    const parsedFile = parseFacts(readFileSync(file, 'utf8'));
    if (!('document' in parsedFile)) throw new Error(parsedFile.problem);
    const { document } = parsedFile;
    const comparison = await compareTwin(document, [...document.asked.minors]);
    expect(comparison.equal).toBeGreaterThan(500);
    expect(comparison.deciding).toEqual([]);
    // A node without firmware, a distribution's mark in the release of its runtime, an etcd not of its Kubernetes.
    expect([...new Set(comparison.differs.map(({ fact, path }) => `${fact}${path}`.replace(/\[.*\]/, '')))]).toEqual([
      'machinesystemUuid',
      'nodes.containerRuntime',
      'etcd.version',
    ]);
  },
);
