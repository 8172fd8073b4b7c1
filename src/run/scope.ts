import { actions } from '../actions/registry.ts';
import { stepsOf } from '../documents/steps-of.ts';
import { isClusterFact } from '../facts/lib/kinds.ts';
import { guards } from '../guards/registry.ts';
import { chooseNodes } from '../plan/drafts.ts';
import { type Needs, needsItsNode, needsOf } from '../plan/needs.ts';
import type { Documents } from './load.ts';

/** What a runbook needs to know, and the nodes that are contacted for it. */
export interface Scope extends Needs {
  readonly nodes: readonly string[];
}

export function scopeOf(documents: Documents): Scope {
  const { runbook, inventory, inputs } = documents;
  const needs = needsOf(runbook.value, inventory.value, inputs, actions, guards);
  return { ...needs, nodes: nodesOf(documents, needs) };
}

/** Nodes of the phases with a step that needs them, and the control planes if Kubernetes is asked. */
function nodesOf({ runbook, inventory, limit }: Documents, needs: Needs): string[] {
  const { phases } = runbook.value;
  const wanted = new Set<string>();
  for (const phase of phases) {
    if (!stepsOf(phase).some((step) => needsItsNode(step, actions))) continue;
    const { nodes } = chooseNodes(phase, { inventory, actions, ...(limit === undefined ? {} : { limit }) });
    for (const node of nodes) wanted.add(node.name);
  }
  const onControlPlane = phases.some(
    (phase) =>
      phase.gate?.on === 'control-plane' ||
      stepsOf(phase).some((step) => (step.kind === 'run' ? step.on : step.with.on) === 'control-plane'),
  );
  // Wherever kubectl runs: the skew guards are about every API server.
  const asksAll = onControlPlane || needs.facts.some(isClusterFact);
  return inventory.value.nodes
    .filter((node) => wanted.has(node.name) || (asksAll && node.role === 'control-plane'))
    .map((node) => node.name);
}
