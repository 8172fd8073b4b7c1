import { type DrainStep, ofDrain } from './lib/of-drain.ts';
import { podsToDrain } from '../facts/lib/drain.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { alone } from '../facts/lib/replicas.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed } from './lib/subject.ts';

export const drainTogether: Guard = {
  id: 'drain-together',
  title: 'No workload loses all its replicas at once to a drain',
  source: 'Kubernetes: "Specifying a Disruption Budget", kubectl drain evicts all pods of a node side by side',
  facts: ['nodes', 'pods', 'pdbs', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  check: (input) => ofDrain(input, judge),
};

function judge(input: GuardInput, step: DrainStep): Finding[] {
  const object = nodeObjectFor(input.before, step.node.name);
  const pods = object && podsToDrain(input.before, object.name);
  if (!pods || !input.before.cluster?.pdbs) return [];
  return alone(input.before, pods.evictable).map(({ workload, pods: members }) => ({
    guard: drainTogether.id,
    severity: 'warn',
    node: step.node.name,
    summary: `all ${members.length} replicas of ${workload} are on ${step.node.name} and go together: ${listed(members.map((pod) => pod.name))}`,
    remedy:
      'Give it a PodDisruptionBudget (maxUnavailable: 1), or delete one of its pods, so that it comes up on another node before the drain.',
    source: drainTogether.source,
  }));
}
