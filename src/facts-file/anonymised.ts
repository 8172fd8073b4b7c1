import { basename } from 'node:path';
import type { Facts } from '../facts/facts.ts';
import { hex, keep, name, text, version } from './anonymise/kinds.ts';
import { clusterPolicies, nodePolicies } from './anonymise/policies.ts';
import { Replacements } from './anonymise/replacements.ts';
import { record, struct, walk } from './anonymise/walk.ts';
import { type FactsDocument, factsDocument } from './document.ts';

const node = name('node');
const file = struct({ missing: text, error: text, sha256: keep, mode: keep, owner: text, text: () => '' });
const factsPolicy = struct({
  cluster: struct(clusterPolicies),
  nodes: record(node, struct(nodePolicies)),
  files: struct({ local: record(text, file), nodes: record(node, record(text, file)) }),
  checks: record(stepKey, text),
});
const inventoryPolicy = struct({
  file: () => 'inventory.yaml',
  cluster: name('cluster'),
  nodes: struct({ name: node, host: text, role: keep }),
  groups: record(name('group'), node),
  packages: struct({ baseUrl: text }),
  kubectl: struct({ on: keep, kubeconfig: text }),
});
const askedPolicy = struct({
  nodes: node,
  facts: keep,
  minors: version,
  unread: struct({ node, facts: keep, command: text, stderr: text, reason: text, remedy: text }),
  runbook: struct({ name: text, file: (path, names) => text(basename(path), names) }),
  checks: record(stepKey, struct({ script: hex, unasked: text })),
});

/**
 * The same facts without what someone chose: names, addresses, labels, and words of texts that are not Kubernetes' own.
 * The same is replaced by the same everywhere, so that rules find what they find in the original. Values of the
 * inventory (`vars`) are left out.
 */
export function anonymised(document: FactsDocument): FactsDocument {
  const { program, readAt, inventory, asked, facts } = document;
  const names = new Replacements();
  // In the order in which their names are the clearest.
  const { digest: _digest, ...own } = inventory;
  const plain = { ...own, nodes: own.nodes.map(({ vars: _vars, ...one }) => one) };
  const seen = walk(plain, inventoryPolicy, names) as typeof plain;
  for (const { name: object } of facts.cluster?.nodes ?? []) names.of(object, 'node');
  // Texts have names that are met only after them.
  walk(facts, factsPolicy, names);
  // What has the shape that it had.
  const cluster = facts.cluster && walk(facts.cluster, struct(clusterPolicies), names);
  const { cluster: _cluster, ...others } = facts;
  const rest = walk(others, factsPolicy, names) as Facts;
  return factsDocument({
    program,
    readAt,
    anonymised: true,
    inventory: { ...seen, nodes: seen.nodes.map((one) => ({ ...one, vars: {} })) },
    asked: walk(asked, askedPolicy, names) as FactsDocument['asked'],
    facts: { ...rest, ...(cluster !== undefined && { cluster: cluster as NonNullable<Facts['cluster']> }) },
  });
}

/** `worker-1/1.2-prefetch` */
function stepKey(value: string, names: Replacements): string {
  const at = value.indexOf('/');
  return `${node(value.slice(0, at), names)}/${text(value.slice(at + 1), names)}`;
}
