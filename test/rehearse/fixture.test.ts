import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FactsDocument } from '../../src/facts-file/document.ts';
import { parseFacts } from '../../src/facts-file/parse.ts';
import type { Facts, NodeFacts } from '../../src/facts/facts.ts';
import { clusterFacts } from '../../src/facts/registry.ts';
import { fixture, parsed, podLines } from '../facts/fixture.ts';
import { coursesOf } from './random-runs.ts';
import { asJson, compareTwin, textsOf } from './twins.ts';

/** What was kept of it, as far as it is facts: the rest is as in any lab. */
function fixtureDocument() {
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
  return {
    readAt: '2026-11-21T06:00:00.000Z',
    inventory: { cluster: 'fixtures', nodes },
    facts: asJson({ nodes: none, cluster }),
  };
}

function packagesOf({ os, packages, repository, offered, binaries }: NodeFacts): NodeFacts {
  return JSON.parse(JSON.stringify({ os, packages, repository, offered, binaries })) as NodeFacts;
}

function realDocument(kind: string): FactsDocument {
  const file = new URL(`../fixtures/facts-file/kubeadm-1.20.2-${kind}.json`, import.meta.url);
  const parsedFile = parseFacts(readFileSync(file, 'utf8'));
  if (!('document' in parsedFile)) throw new Error(parsedFile.problem);
  return parsedFile.document;
}

test('the twin of the cluster of the fixtures has its Node objects, pods and budgets', async () => {
  const document = fixtureDocument();
  expect(document.inventory.nodes.length).toBeGreaterThan(2);
  expect(textsOf(await compareTwin(document, ['1.21']))).toEqual([]);
});

test('a rehearsal of the cluster of the fixtures ends as the run there does, with the same steps and drained pods', async () => {
  const sets = ['version=1.21.0', 'force=true', 'deleteEmptydirData=true'];
  const scenario = { runbook: 'upgrade.yaml', sets, target: '1.21.0', minors: ['1.21'] };
  const document = fixtureDocument();
  // Of the same machines, what was not kept with the fixtures.
  const nodes = Object.fromEntries(
    Object.entries(realDocument('ha').facts.nodes).map(([name, node]) => [name, packagesOf(node)]),
  );
  const { run, rehearsal } = await coursesOf({ ...document, facts: asJson({ ...document.facts, nodes }) }, scenario);
  expect(run.end).toBe('done');
  expect(run.drained.find((one) => one.startsWith('w1: '))).toContain('demo/naked gone');
  expect(rehearsal).toEqual(run);
});

test.each(['single', 'ha'])(
  'the twin of a real cluster (%s) differs in nothing that a plan stands on',
  async (kind) => {
    const document = realDocument(kind);
    const comparison = await compareTwin(document, [...document.asked.minors]);
    expect(comparison.equal).toBeGreaterThan(500);
    expect(comparison.deciding).toEqual([]);
    // An etcd that is not of its Kubernetes.
    const paths = comparison.differs.map(({ fact, path }) => `${fact}${path}`.replace(/\[.*\]/, ''));
    expect([...new Set(paths)]).toEqual(['etcd.version']);
  },
);
