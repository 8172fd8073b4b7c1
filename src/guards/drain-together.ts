import { alone } from '../facts/lib/replicas.ts';
import { drainGuard } from './lib/of-drain.ts';
import { listed } from './lib/subject.ts';

export const drainTogether = drainGuard(
  {
    id: 'drain-together',
    title: 'No workload loses all its replicas at once to a drain',
    source: 'Kubernetes: "Specifying a Disruption Budget", kubectl drain evicts all pods of a node side by side',
    readsPdbs: true,
  },
  ({ facts, pods, node }) => {
    if (!facts.cluster?.pdbs) return [];
    return alone(facts, pods.evictable).map(({ workload, pods: members }) => ({
      severity: 'warn',
      summary: `all ${members.length} replicas of ${workload} are on ${node} and go together: ${listed(members.map((pod) => pod.name))}`,
      remedy:
        'Give it a PodDisruptionBudget (maxUnavailable: 1), or delete one of its pods, so that it comes up on another node before the drain.',
    }));
  },
);
