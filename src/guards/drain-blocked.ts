import { type DrainStep, ofDrain } from './lib/of-drain.ts';
import { covers, type Refusal, refusals, underSeveral } from '../facts/lib/budgets.ts';
import { podsToDrain } from '../facts/lib/drain.ts';
import type { PdbFact } from '../facts/pdbs.ts';
import type { PodFact } from '../facts/pods.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed } from './lib/subject.ts';

export const drainBlocked: Guard = {
  id: 'drain-blocked',
  title: 'No PodDisruptionBudget keeps a drain from ever ending',
  source: 'Kubernetes: "Specifying a Disruption Budget", Eviction API (429 is retried for ever)',
  facts: ['nodes', 'pods', 'pdbs', 'machine', 'kubelet'],
  scope: 'step',
  check(input) {
    if (!input.step) return idleBudgets(input);
    return ofDrain(input, judge);
  },
};

function judge(input: GuardInput, step: DrainStep): Finding[] {
  const object = nodeObjectFor(input.before, step.node.name);
  const pods = object && podsToDrain(input.before, object.name);
  const pdbs = input.before.cluster?.pdbs;
  if (!pods || !pdbs) return [];
  const evicted = [...pods.evictable, ...pods.naked];
  return [
    ...refusals(evicted, pdbs).map((refusal) => blockedBy(step, refusal)),
    ...underSeveral(evicted, pdbs).map(({ pod, pdbs: several }) => severalOn(step, pod, several)),
  ];
}

function blockedBy(step: DrainStep, refusal: Refusal): Finding {
  const { pdb, pods, forEver, why } = refusal;
  const names = listed(pods.map((pod) => `${pod.namespace}/${pod.name}`));
  const said = forEver ? `can never allow a disruption (${why})` : why;
  return {
    guard: drainBlocked.id,
    severity: forEver ? severity(step) : 'warn',
    node: step.node.name,
    summary: `the PodDisruptionBudget ${pdb.namespace}/${pdb.name} ${said}; on ${step.node.name} it covers ${names}`,
    remedy: remedyFor(refusal),
    source: drainBlocked.source,
  };
}

/** What is never let go stops a run before it begins, unless the runbook says how to go on without. */
function severity(step: DrainStep): Finding['severity'] {
  const policy = step.with.onBlocked;
  return policy === 'skip-node' || policy === 'force' ? 'warn' : 'refuse';
}

function remedyFor({ pdb, forEver }: Refusal): string {
  const kubectl = `kubectl -n ${pdb.namespace}`;
  if (forEver) {
    return `Give its workload more replicas, or loosen the budget (${kubectl} edit pdb ${pdb.name}) until the node is drained.`;
  }
  if (pdb.observedGeneration < pdb.generation)
    return 'The drain waits for it. If it stays so, look at the kube-controller-manager.';
  return `The drain waits for it. Look at the pods that are not ready: ${kubectl} describe pdb ${pdb.name}.`;
}

/** The eviction API answers 500 for a pod of more than one budget. */
function severalOn(step: DrainStep, pod: PodFact, pdbs: readonly PdbFact[]): Finding {
  return {
    guard: drainBlocked.id,
    severity: severity(step),
    node: step.node.name,
    summary: `${pdbs.length} PodDisruptionBudgets cover ${pod.namespace}/${pod.name} on ${step.node.name} (${pdbs.map((pdb) => pdb.name).join(', ')}): it can never be evicted`,
    remedy: `Leave only one of them to select it (kubectl -n ${pod.namespace} get pdb).`,
    source: drainBlocked.source,
  };
}

/** Budgets that cover no pod protect nothing: mostly a selector with a mistake in it. */
function idleBudgets({ before: { cluster } }: GuardInput): Finding[] {
  const { pods, pdbs } = cluster ?? {};
  if (!pods || !pdbs) return [];
  const idle = pdbs.filter((pdb) => pdb.expectedPods === 0 && !pods.some((pod) => covers(pdb, pod)));
  if (idle.length === 0) return [];
  return [
    {
      guard: drainBlocked.id,
      severity: 'note',
      summary: `PodDisruptionBudgets that cover no pod: ${listed(idle.map((pdb) => `${pdb.namespace}/${pdb.name}`))}`,
      remedy: 'Look whether their selectors have the labels of the pods that they are meant to protect.',
      source: drainBlocked.source,
    },
  ];
}
