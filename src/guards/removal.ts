import { podsToDrain } from '../facts/lib/drain.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Guard } from './guard.ts';
import { listed } from './lib/subject.ts';

export const removal: Guard = {
  id: 'removal',
  title: 'Only a drained worker leaves the cluster',
  source: '"Creating a cluster with kubeadm", Clean up: drain the node, reset it, then delete its Node object',
  facts: ['nodes', 'pods', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  binding: 'what runs on it would be ended at once, past every PodDisruptionBudget',
  check: ({ step, before }) => {
    const object = step && nodeObjectFor(before, step.node.name);
    if (!object) return [];
    const pods = podsToDrain(before, object.name);
    const left = pods ? [...pods.evictable, ...pods.naked] : [];
    const wrong = [
      ...(object.controlPlane ? ['is a control plane'] : []),
      ...(object.unschedulable ? [] : ['is not cordoned']),
      ...(left.length > 0 ? [`still runs ${listed(left.map((pod) => `${pod.namespace}/${pod.name}`))}`] : []),
    ];
    if (wrong.length === 0) return [];
    return [
      {
        guard: removal.id,
        severity: 'refuse',
        node: step.node.name,
        summary: `${step.node.name} cannot leave the cluster: ${object.name} ${wrong.join(' and ')}`,
        remedy: object.controlPlane
          ? 'Remove a control plane by hand, its member of etcd first.'
          : 'Put a `drain` step before this one, without a podSelector.',
        source: removal.source,
      },
    ];
  },
};
