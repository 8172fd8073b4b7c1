import type { Inventory, InventoryNode, Scope } from '../documents/model.ts';
import { scopeFacts } from '../documents/names.ts';
import type { Facts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { PlanHop } from './plan.ts';

/** What `${{ }}` stands for on one node, from facts; a node's fact that was not read is absent (`has()` tells). */
export function scopeFor(
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  facts: Facts,
  node?: InventoryNode,
  env: Readonly<Record<string, string>> = {},
  hop?: PlanHop,
): Scope {
  const version = facts.cluster?.kubeadmConfig?.kubernetesVersion ?? '';
  const scope: Scope = { inputs, env, cluster: { name: inventory.cluster, version }, ...(hop && { hop }) };
  if (!node) return scope;
  return {
    ...scope,
    node: {
      name: node.name,
      host: node.host,
      role: node.role,
      labels: nodeObjectFor(facts, node.name)?.labels ?? {},
      vars: node.vars,
      facts: scopeFacts(facts.nodes[node.name]),
    },
  };
}
