import { withoutPlace } from '../facts/lib/room.ts';
import { drainGuard } from './lib/of-drain.ts';
import { listed } from './lib/subject.ts';

export const drainRoom = drainGuard(
  {
    id: 'drain-room',
    title: 'What a drain moves finds room on other nodes',
    source: 'Kubernetes scheduling: requests against allocatable, "Assigning Pods to Nodes", "Taints and Tolerations"',
  },
  ({ facts, object, node }) => {
    const unplaced = withoutPlace(facts, object) ?? [];
    if (unplaced.length === 0) return [];
    const names = unplaced.map(({ pod, why }) => `${pod.namespace}/${pod.name} (${why})`);
    return [
      {
        severity: 'warn',
        summary: `of the pods on ${node} these fit nowhere else while it is drained: ${listed(names, 5)}`,
        remedy:
          'They stay Pending until a node has room: add one, or make room. Judged by requests, labels and taints alone; affinity between pods, spreading, volumes and priorities are not.',
      },
    ];
  },
);
