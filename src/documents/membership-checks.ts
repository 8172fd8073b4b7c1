import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { conditionsIn } from './frame.ts';
import type { Inventory, Phase, Runbook, Step } from './model.ts';
import { selectNodes } from './selectors.ts';
import { problem } from './source.ts';
import { stepsOf } from './steps-of.ts';

/**
 * A node that a run joins to the cluster and removes from it later on. Steps and phases with an `if` are left out: they
 * may exclude each other. To remove a node and join it again is no mistake.
 */
export function checkMembership(
  runbook: Runbook,
  inventory: Pick<Inventory, 'nodes' | 'groups'>,
  actions: ReadonlyMap<string, Action>,
): Diagnostic[] {
  const joined = new Map<string, Place>();
  const found: Diagnostic[] = [];
  for (const phase of runbook.phases) {
    if (isConditional(phase)) continue;
    const nodes = selectNodes(phase.nodes, inventory).nodes.map(({ name }) => name);
    let refused: readonly string[] = [];
    for (const step of stepsOf(phase)) {
      const membership = membershipOf(step, actions);
      if (membership === 'joins') for (const node of nodes) joined.set(node, { phase, step });
      if (membership !== 'leaves' || refused.length > 0) continue;
      refused = nodes.filter((node) => joined.has(node));
      const [place] = refused.flatMap((node) => joined.get(node) ?? []);
      if (place) found.push(joinsAndLeaves(refused, place, { phase, step }));
    }
  }
  return found;
}

interface Place {
  readonly phase: Phase;
  readonly step: Step;
}

function isConditional({ if: condition, frame }: Pick<Step, 'if' | 'frame'>): boolean {
  return condition !== undefined || conditionsIn(frame).length > 0;
}

function membershipOf(step: Step, actions: ReadonlyMap<string, Action>): Action['membership'] {
  return step.kind === 'uses' && !isConditional(step) ? actions.get(step.uses)?.membership : undefined;
}

function joinsAndLeaves(nodes: readonly string[], joins: Place, leaves: Place): Diagnostic {
  const many = nodes.length > 1;
  const summary = `${nodes.join(', ')} would join the cluster (phase ${joins.phase.name}) and leave it again (phase ${leaves.phase.name})`;
  const detail = `${many ? 'both phases select these nodes' : 'both phases select this node'}: take ${many ? 'them' : 'it'} out of one of the two in the inventory`;
  return problem('joins-and-leaves', summary, leaves.phase.nodesSpans?.[0] ?? leaves.step.span, detail);
}
