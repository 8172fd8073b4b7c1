import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coreDns } from '../../src/facts/core-dns.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { kubeadmConfig } from '../../src/facts/kubeadm-config.ts';
import { leases } from '../../src/facts/leases.ts';
import { manifests } from '../../src/facts/manifests.ts';
import { nodes } from '../../src/facts/nodes.ts';
import { pdbs, selects } from '../../src/facts/pdbs.ts';
import { pods } from '../../src/facts/pods.ts';
import { nodeFacts } from '../../src/facts/registry.ts';
import { anonymised } from '../../src/facts-file/anonymised.ts';
import { factsDocument, factsText } from '../../src/facts-file/document.ts';
import { parseFacts } from '../../src/facts-file/parse.ts';
import { fixture, parsed, podLines } from '../facts/fixture.ts';
import { exampleDocument } from './document.ts';
import { planted } from './planted.ts';

/** The cases of the parsers. */
const CASES = new URL('../fixtures/facts/', import.meta.url).pathname;

/** What can be read of the outputs that were kept from a real cluster. */
function realFacts(): Facts {
  const text = fixture('manifests.txt');
  const files = text.slice(text.indexOf('apiVersion: v1'));
  return {
    nodes: { cp1: { manifests: parsed(manifests, files) } },
    cluster: {
      nodes: parsed(nodes, fixture('nodes.json')),
      pods: parsed(pods, podLines()),
      pdbs: parsed(pdbs, fixture('pdbs.json')),
      leases: parsed(leases, fixture('leases.json')),
      kubeadmConfig: parsed(kubeadmConfig, fixture('kubeadm-config.txt')),
    },
  };
}

const { format: _format, version: _version, digest: _digest, ...example } = exampleDocument();

test('of a real cluster no name, address or label is left that someone chose', () => {
  const read = realFacts();
  const etcd = { external: false, source: 'etcd-cp1', endpoints: [], members: [] };
  const facts: Facts = { ...read, cluster: { ...read.cluster, etcd } };
  const text = factsText(anonymised(factsDocument({ ...example, facts })));
  const chosen = new Set<string>();
  const { nodes: objects = [], pods: running = [], pdbs: budgets = [] } = facts.cluster ?? {};
  for (const { name, addresses, machineId } of objects) {
    for (const one of [name, machineId, ...addresses.map(({ address }) => address)]) chosen.add(one);
  }
  for (const { namespace, name, controller } of running.filter((pod) => pod.namespace !== 'kube-system'))
    for (const one of [namespace, name, controller?.name ?? name]) chosen.add(one);
  for (const { name, namespace } of budgets) for (const one of [name, namespace]) chosen.add(one);
  expect(chosen.size).toBeGreaterThan(15);
  const left = [...chosen].filter((one) =>
    new RegExp(`(?<![\\w.])${one.replaceAll('.', '\\.')}(?![\\w.-])`).test(text),
  );
  expect(left).toEqual([]);
  expect(text).not.toMatch(/10\.88\./);
  for (const stays of ['kube-system', 'registry.k8s.io', 'kubernetes.io/hostname', '/etc/kubernetes/pki/ca.crt'])
    expect(text.includes(stays) || text.includes('k8s.gcr.io')).toBe(true);
});

test('budgets select the same pods, and what is the same stays the same', () => {
  const facts = realFacts();
  const hidden = anonymised(factsDocument({ ...example, facts })).facts;
  const selected = ({ cluster }: Facts) =>
    cluster?.pdbs?.map((budget) =>
      cluster.pods?.map((pod) => pod.namespace === budget.namespace && selects(budget.selector, pod.labels)),
    );
  expect(selected(hidden)).toEqual(selected(facts));
  expect(selected(facts)?.flat()).toContain(true);
  const order = (of: Facts) =>
    of.cluster?.pods?.map(({ node }) => of.cluster?.nodes?.findIndex(({ name }) => name === node));
  expect(order(hidden)).toEqual(order(facts));
  const nodes = { 'cp-1': facts.nodes['cp1'] ?? {}, 'worker-1': {} };
  const parsedAgain = parseFacts(factsText(anonymised(factsDocument({ ...example, facts: { ...facts, nodes } }))));
  expect('document' in parsedAgain && parsedAgain.document.anonymised).toBe(true);
});

test('a Corefile keeps its plugins, and loses what they are told', () => {
  const data = { Corefile: '.:53 {\n  errors\n  hosts /etc/zebra.hosts\n  forward . 10.7.7.7 ns.zebra.example\n}\n' };
  const fact = parsed(coreDns, JSON.stringify({ items: [{ kind: 'ConfigMap', data }] }));
  const hidden = anonymised(factsDocument({ ...example, facts: { nodes: {}, cluster: { coreDns: fact } } }));
  expect(hidden.facts.cluster?.coreDns?.corefile).toMatch(
    /^\.:53 \{\n {2}errors\n {2}hosts \/etc\/\S+\n {2}forward \. 10\.0\.0\.\d+ host-\d+\.example\n\}\n$/,
  );
});

test.each(readdirSync(CASES))('of the fact %s no text is left that is not known', (id) => {
  for (const name of readdirSync(join(CASES, id)).filter((one) => /^[^.]+\.json$/.test(one))) {
    const value: unknown = JSON.parse(readFileSync(join(CASES, id, name), 'utf8'));
    const isOfNodes = Object.hasOwn(nodeFacts, id);
    const facts = planted(isOfNodes ? { nodes: { cp: { [id]: value } } } : { nodes: {}, cluster: { [id]: value } });
    // A parser made it.
    const text = factsText(anonymised(factsDocument({ ...example, facts: facts as Facts })));
    expect(text.match(/.*zebra.*/gi) ?? [], name).toEqual([]);
  }
});

test('of a real cluster what kubeadm itself writes into manifests stays', async () => {
  const file = new URL('../fixtures/facts-file/kubeadm-1.20.2-single.json', import.meta.url);
  const real = parseFacts(readFileSync(file, 'utf8'));
  if (!('document' in real)) throw new Error(real.problem);
  const hidden = anonymised(real.document).facts;
  const files = Object.values(hidden.nodes).map((node) => node.manifests);
  expect(files.flatMap((one) => Object.keys(one ?? {})).length).toBeGreaterThan(3);
  expect(JSON.stringify(files)).not.toMatch(/word-\d|volume-\d/);
  expect(JSON.stringify(hidden.nodes)).toContain('/etc/kubernetes/tmp');
});
