import { podsToDrain } from '../facts/drain.ts';
import type { PdbFact, PodFact } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/identity.ts';
import { selects } from '../facts/pdbs.ts';
import type { Finding, Guard, GuardInput, GuardStep } from './guard.ts';
import { listed } from './subject.ts';

export const drainBlocked: Guard = {
  id: 'drain-blocked',
  title: 'No PodDisruptionBudget keeps a drain from ever ending',
  source: 'Kubernetes: "Specifying a Disruption Budget", Eviction API (429 is retried for ever)',
  facts: ['nodes', 'pods', 'pdbs', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  check: (input) => (input.step?.action === 'drain' ? judge(input, input.step) : []),
};

type Judgement = { readonly severity: 'refuse' | 'warn'; readonly why: string; readonly remedy: string };

function judge(input: GuardInput, step: GuardStep): Finding[] {
  const object = nodeObjectFor(input.before, step.node.name);
  const pods = object && podsToDrain(input.before, object.name);
  const pdbs = input.before.cluster?.pdbs;
  if (!pods || !pdbs) return [];
  const evicted = [...pods.evictable, ...pods.naked].filter(needsPermission);
  return [
    ...pdbs.flatMap((pdb) =>
      blockedBy(
        step,
        pdb,
        evicted.filter((pod) => covers(pdb, pod)),
      ),
    ),
    ...evicted.flatMap((pod) =>
      severalOn(
        step,
        pod,
        pdbs.filter((pdb) => covers(pdb, pod)),
      ),
    ),
  ];
}

/** The eviction API asks no budget for a pod that does not run yet or is going already (registry/core/pod: canIgnorePDB). */
function needsPermission(pod: PodFact): boolean {
  return pod.phase !== 'Pending' && !pod.deleting;
}

function covers(pdb: PdbFact, pod: PodFact): boolean {
  return pdb.namespace === pod.namespace && selects(pdb.selector, pod.labels);
}

function blockedBy(step: GuardStep, pdb: PdbFact, pods: readonly PodFact[]): Finding[] {
  const judgement = pods.length === 0 ? undefined : (forEver(pdb) ?? forNow(pdb));
  if (!judgement) return [];
  const names = listed(pods.map((pod) => `${pod.namespace}/${pod.name}`));
  return [
    {
      guard: drainBlocked.id,
      severity: judgement.severity,
      node: step.node.name,
      summary: `the PodDisruptionBudget ${pdb.namespace}/${pdb.name} ${judgement.why}; on ${step.node.name} it covers ${names}`,
      remedy: judgement.remedy,
      source: drainBlocked.source,
    },
  ];
}

/** By its spec and the number of its pods it cannot allow a disruption even when all of them are ready. */
function forEver(pdb: PdbFact): Judgement | undefined {
  const why = impossible(pdb);
  if (why === undefined) return undefined;
  return {
    severity: 'refuse',
    why: `can never allow a disruption (${why})`,
    remedy: `Give its workload more replicas, or loosen the budget (kubectl -n ${pdb.namespace} edit pdb ${pdb.name}) until the node is drained.`,
  };
}

function impossible(pdb: PdbFact): string | undefined {
  if (pdb.maxUnavailable === '0' || pdb.maxUnavailable === '0%') return `maxUnavailable is ${pdb.maxUnavailable}`;
  if (pdb.minAvailable === '100%') return 'minAvailable is 100%';
  // The numbers in the status are those of an older spec, or none yet.
  if (pdb.observedGeneration < pdb.generation || pdb.expectedPods === 0) return undefined;
  if (pdb.desiredHealthy < pdb.expectedPods) return undefined;
  const limit =
    pdb.minAvailable === undefined ? `maxUnavailable ${pdb.maxUnavailable ?? '?'}` : `minAvailable ${pdb.minAvailable}`;
  return `${limit} wants ${pdb.desiredHealthy} of its ${pdb.expectedPods} pods`;
}

/** It allows none at this moment: the drain waits for it, up to its time limit. */
function forNow(pdb: PdbFact): Judgement | undefined {
  const remedy = `The drain waits for it. Look at the pods that are not ready: kubectl -n ${pdb.namespace} describe pdb ${pdb.name}.`;
  if (pdb.observedGeneration < pdb.generation) {
    return {
      severity: 'warn',
      why: `was changed and not judged anew yet (generation ${pdb.generation}, observed ${pdb.observedGeneration})`,
      remedy: 'The drain waits for it. If it stays so, look at the kube-controller-manager.',
    };
  }
  if (pdb.disruptionsAllowed > 0) return undefined;
  const counts = `${pdb.currentHealthy} healthy, ${pdb.desiredHealthy} needed, ${pdb.expectedPods} expected`;
  return { severity: 'warn', why: `allows no disruption now (${counts})`, remedy };
}

/** The eviction API answers 500 for a pod of more than one budget. */
function severalOn(step: GuardStep, pod: PodFact, pdbs: readonly PdbFact[]): Finding[] {
  if (pdbs.length < 2) return [];
  return [
    {
      guard: drainBlocked.id,
      severity: 'refuse',
      node: step.node.name,
      summary: `${pdbs.length} PodDisruptionBudgets cover ${pod.namespace}/${pod.name} on ${step.node.name} (${pdbs.map((pdb) => pdb.name).join(', ')}): it can never be evicted`,
      remedy: `Leave only one of them to select it (kubectl -n ${pod.namespace} get pdb).`,
      source: drainBlocked.source,
    },
  ];
}
