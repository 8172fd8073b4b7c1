import type { Facts } from '../facts/facts.ts';
import { covers, type Refusal, refusals, underSeveral } from '../facts/lib/budgets.ts';
import type { PdbFact } from '../facts/pdbs.ts';
import type { PodFact } from '../facts/pods.ts';
import { type Drain, drainGuard, podNames } from './lib/of-drain.ts';
import { type Draft, listed } from './lib/subject.ts';

export const drainBlocked = drainGuard(
  {
    id: 'drain-blocked',
    title: 'No PodDisruptionBudget keeps a drain from ever ending',
    source: 'Kubernetes: "Specifying a Disruption Budget", Eviction API (429 is retried without end)',
    readsPdbs: true,
  },
  (drain) => {
    const pdbs = drain.facts.cluster?.pdbs;
    if (!pdbs) return [];
    const evicted = [...drain.pods.evictable, ...drain.pods.naked];
    return [
      ...refusals(evicted, pdbs).map((refusal) => blockedBy(drain, refusal)),
      ...underSeveral(evicted, pdbs).map(({ pod, pdbs: several }) => severalOn(drain, pod, several)),
    ];
  },
  idleBudgets,
);

function blockedBy(drain: Drain, refusal: Refusal): Draft {
  const { pdb, pods, forEver, why } = refusal;
  const verdict = forEver ? `can never allow a disruption (${why})` : why;
  return {
    severity: forEver ? severity(drain) : 'warn',
    summary: `the PodDisruptionBudget ${pdb.namespace}/${pdb.name} ${verdict}; on ${drain.node} it covers ${listed(podNames(pods))}`,
    remedy: remedyFor(refusal),
  };
}

/** A drain that can never end stops the run before it begins, unless the step has a policy for it. */
function severity({ options: { onBlocked } }: Drain): Draft['severity'] {
  return onBlocked === 'skip-node' || onBlocked === 'force' ? 'warn' : 'refuse';
}

function remedyFor({ pdb, forEver }: Refusal): string {
  const kubectl = `kubectl -n ${pdb.namespace}`;
  if (pdb.syncFailed !== undefined) {
    return `Its pods need an owner with a scale: fix what \`${kubectl} describe pdb ${pdb.name}\` shows, or delete the budget until the node is drained.`;
  }
  if (forEver) {
    return `Give its workload more replicas, or loosen the budget (${kubectl} edit pdb ${pdb.name}) until the node is drained.`;
  }
  if (pdb.observedGeneration < pdb.generation)
    return 'The drain waits for it. If it stays so, look at the kube-controller-manager.';
  return `The drain waits for it. Look at the pods that are not ready: ${kubectl} describe pdb ${pdb.name}.`;
}

/** The eviction API answers 500 for a pod of more than one budget. */
function severalOn(drain: Drain, pod: PodFact, pdbs: readonly PdbFact[]): Draft {
  return {
    severity: severity(drain),
    summary: `${pdbs.length} PodDisruptionBudgets cover ${pod.namespace}/${pod.name} on ${drain.node} (${pdbs.map((pdb) => pdb.name).join(', ')}): it can never be evicted`,
    remedy: `Leave only one of them to select it (kubectl -n ${pod.namespace} get pdb).`,
  };
}

/** A budget that covers no pod often has a mistake in its selector. */
function idleBudgets({ cluster }: Facts): Draft[] {
  const { pods, pdbs } = cluster ?? {};
  if (!pods || !pdbs) return [];
  const idle = pdbs.filter((pdb) => pdb.expectedPods === 0 && !pods.some((pod) => covers(pdb, pod)));
  if (idle.length === 0) return [];
  return [
    {
      severity: 'note',
      summary: `PodDisruptionBudgets that cover no pod: ${listed(idle.map((pdb) => `${pdb.namespace}/${pdb.name}`))}`,
      remedy: 'Look whether their selectors have the labels of the pods that they are meant to protect.',
    },
  ];
}
