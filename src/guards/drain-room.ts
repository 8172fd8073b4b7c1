import { type DrainStep, ofDrain } from './lib/of-drain.ts';
import { podsToDrain } from '../facts/lib/drain.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { withoutPlace } from '../facts/lib/room.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed } from './lib/subject.ts';

export const drainRoom: Guard = {
  id: 'drain-room',
  title: 'What a drain moves finds room on other nodes',
  source: 'Kubernetes scheduling: requests against allocatable, "Assigning Pods to Nodes", "Taints and Tolerations"',
  facts: ['nodes', 'pods', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  check: (input) => ofDrain(input, judge),
};

function judge(input: GuardInput, step: DrainStep): Finding[] {
  const object = nodeObjectFor(input.before, step.node.name);
  const pods = object && podsToDrain(input.before, object.name);
  const unplaced = pods && withoutPlace(input.before, object.name);
  if (!unplaced || unplaced.length === 0) return [];
  const names = unplaced.map(({ pod, why }) => `${pod.namespace}/${pod.name} (${why})`);
  return [
    {
      guard: drainRoom.id,
      severity: 'warn',
      node: step.node.name,
      summary: `of the pods on ${step.node.name} these fit nowhere else while it is drained: ${listed(names, 5)}`,
      remedy:
        'They stay Pending until a node has room: add one, or make room. Judged by requests, labels and taints alone; affinity between pods, spreading, volumes and priorities are not.',
      source: drainRoom.source,
    },
  ];
}
