import type { DrainOptions } from '../actions/lib/drain-options.ts';
import type { Facts } from '../facts/facts.ts';
import { refusals, underSeveral } from '../facts/lib/budgets.ts';
import type { PodsToDrain } from '../facts/lib/drain.ts';
import { withoutPlace } from '../facts/lib/room.ts';
import type { PodFact } from '../facts/pods.ts';
import { drainGuard, podNames } from './lib/of-drain.ts';
import { listed } from './lib/subject.ts';

/** Only notes: the other drain guards refuse and warn. */
export const drainForecast = drainGuard(
  {
    id: 'drain-forecast',
    title: 'What each drain would move, lose and wait for',
    source: 'kubectl drain, the eviction API ("Safely Drain a Node")',
    readsPdbs: true,
  },
  ({ facts, pods, object, node, options }) => {
    const moving = pods.evictable.filter(({ deleting }) => !deleting);
    const ending = pods.evictable.length - moving.length;
    const parts = [
      moving.length === 0 ? 'no pod moves' : `${count(moving.length)} ${moving.length === 1 ? 'moves' : 'move'}`,
      ...(ending === 0 ? [] : [`${count(ending)} ${ending === 1 ? 'is' : 'are'} ending already`]),
      ...lost(pods),
      ...inTheWay([...pods.evictable, ...pods.naked], facts),
      ...homeless(facts, object, pods),
    ];
    return [{ severity: 'note', summary: `draining ${node}: ${parts.join('; ')}`, remedy: policyText(options) }];
  },
);

function policyText({ onBlocked, timeout, reason }: DrainOptions): string {
  const after = `Waits up to ${timeout} for budgets`;
  switch (onBlocked) {
    case 'wait':
      return 'Waits for budgets up to the time limit of the step.';
    case 'skip-node':
      return `${after}; then leaves the node out and continues.`;
    case 'force':
      return `${after}; then bypasses them, because: ${reason ?? ''}`;
    case 'fail':
      return `${after}; then fails, and gives the node back.`;
  }
}

function lost(pods: PodsToDrain): string[] {
  return [
    ...(pods.naked.length > 0 ? [`deleted permanently: ${named(pods.naked)}`] : []),
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
  return listed(podNames(pods), 5);
}

function count(pods: number): string {
  return `${pods} ${pods === 1 ? 'pod' : 'pods'}`;
}
