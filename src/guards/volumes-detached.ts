import { isStepOf } from '../actions/bound-step.ts';
import { reboot } from '../actions/reboot.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { podsToDrain } from '../facts/lib/drain.ts';
import { toDetach, volumeNames } from '../facts/lib/volumes.ts';
import type { Guard } from './guard.ts';
import { findingOf, listed } from './lib/subject.ts';

/** Judges drained nodes alone: what runs on others uses its volumes. */
export const volumesDetached: Guard = {
  id: 'volumes-detached',
  title: 'No volume is attached to a drained node that is rebooted or leaves the cluster',
  source:
    'Kubernetes: "Non-graceful node shutdown handling"; kubernetes-sigs/cluster-api#4945: pods gone is not volumes detached',
  facts: ['nodes', 'pods', 'volumeAttachments', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  check: ({ step, before }) => {
    const object = step && nodeObjectFor(before, step.node.name);
    const pods = object && podsToDrain(before, object.name);
    if (!object?.unschedulable || !pods || pods.evictable.length + pods.naked.length > 0) return [];
    const left = toDetach(before.cluster, object.name) ?? [];
    if (left.length === 0) return [];
    return [
      findingOf(volumesDetached, {
        severity: isStepOf(step, reboot) ? 'warn' : 'refuse',
        node: step.node.name,
        summary: `volumes are still attached to ${object.name} although it is drained: ${listed(volumeNames(left))}`,
        remedy: `Look at the CSI driver (kubectl get volumeattachments). If the machine is off for good: kubectl taint nodes ${object.name} node.kubernetes.io/out-of-service=nodeshutdown:NoExecute lets Kubernetes detach them.`,
      }),
    ];
  },
};
