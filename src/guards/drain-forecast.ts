import { type DrainStep, ofDrain } from './lib/of-drain.ts';
import { refusals, underSeveral } from '../facts/lib/budgets.ts';
import { podsToDrain, type PodsToDrain } from '../facts/lib/drain.ts';
import type { Facts } from '../facts/facts.ts';
import type { PodFact } from '../facts/pods.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { withoutPlace } from '../facts/lib/room.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed } from './lib/subject.ts';

/** Never more than a note: what is wrong with a drain is told by the other drain guards. */
export const drainForecast: Guard = {
  id: 'drain-forecast',
  title: 'What each drain would move, lose and wait for',
  source: 'kubectl drain, the eviction API ("Safely Drain a Node")',
  facts: ['nodes', 'pods', 'pdbs', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  check: (input) => ofDrain(input, judge),
};

function judge(input: GuardInput, step: DrainStep): Finding[] {
  const object = nodeObjectFor(input.before, step.node.name);
  const pods = object && podsToDrain(input.before, object.name);
  if (!pods) return [];
  const parts = [
    pods.evictable.length === 0
      ? 'no pod moves'
      : `${count(pods.evictable.length)} ${pods.evictable.length === 1 ? 'moves' : 'move'}`,
    ...lost(pods),
    ...inTheWay([...pods.evictable, ...pods.naked], input.before),
    ...homeless(input.before, object.name, pods),
  ];
  return [
    {
      guard: drainForecast.id,
      severity: 'note',
      node: step.node.name,
      summary: `draining ${step.node.name}: ${parts.join('; ')}`,
      remedy: policyText(step),
      source: drainForecast.source,
    },
  ];
}

/** What the runbook says of a drain that PodDisruptionBudgets hold. */
function policyText({ with: { onBlocked, timeout, reason } }: DrainStep): string {
  const after = `PodDisruptionBudgets that hold it are waited for ${timeout}`;
  switch (onBlocked) {
    case 'wait':
      return 'PodDisruptionBudgets that hold it are waited for up to the time limit of the step.';
    case 'skip-node':
      return `${after}; then the node is left out and the run goes on.`;
    case 'force':
      return `${after}; then they are bypassed, because: ${reason ?? ''}`;
    case 'fail':
      return `${after}; then the step fails and the node is given back.`;
  }
}

function lost(pods: PodsToDrain): string[] {
  return [
    ...(pods.naked.length > 0 ? [`deleted for good: ${named(pods.naked)}`] : []),
    ...(pods.emptyDir.length > 0 ? [`emptyDir data lost: ${named(pods.emptyDir)}`] : []),
  ];
}

function inTheWay(pods: readonly PodFact[], facts: Facts): string[] {
  const pdbs = facts.cluster?.pdbs;
  if (!pdbs) return [];
  const names = [
    ...refusals(pods, pdbs).map(({ pdb }) => `${pdb.namespace}/${pdb.name}`),
    ...underSeveral(pods, pdbs).flatMap((one) => one.pdbs.map((pdb) => `${pdb.namespace}/${pdb.name}`)),
  ];
  const unique = [...new Set(names)];
  return [
    unique.length === 0 ? 'no PodDisruptionBudget in the way' : `in the way: PodDisruptionBudget ${listed(unique, 5)}`,
  ];
}

function homeless(facts: Facts, node: string, pods: PodsToDrain): string[] {
  const unplaced = withoutPlace(facts, node);
  if (!unplaced || pods.evictable.length === 0) return [];
  if (unplaced.length === 0) return ['room elsewhere by their requests'];
  return [`no room elsewhere: ${named(unplaced.map(({ pod }) => pod))}`];
}

function named(pods: readonly PodFact[]): string {
  return listed(
    pods.map((pod) => `${pod.namespace}/${pod.name}`),
    5,
  );
}

function count(pods: number): string {
  return `${pods} ${pods === 1 ? 'pod' : 'pods'}`;
}
