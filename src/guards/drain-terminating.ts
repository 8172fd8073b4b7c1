import { type DrainStep, ofDrain } from './lib/of-drain.ts';
import { holdsDeletion } from '../facts/lib/drain.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { podsOn } from '../facts/lib/pods-on.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed } from './lib/subject.ts';

export const drainTerminating: Guard = {
  id: 'drain-terminating',
  title: 'No pod that is being deleted keeps a drain waiting',
  source: 'Kubernetes: "Finalizers", kubectl drain (it waits until each pod is gone)',
  facts: ['nodes', 'pods', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  check: (input) => ofDrain(input, judge),
};

function judge({ before }: GuardInput, step: DrainStep): Finding[] {
  const object = nodeObjectFor(before, step.node.name);
  const pods = object && podsOn(before.cluster, object.name);
  const stuck = (pods ?? []).filter((pod) => pod.deleting && holdsDeletion(pod).length > 0);
  if (stuck.length === 0) return [];
  const names = stuck.map((pod) => `${pod.namespace}/${pod.name} (${holdsDeletion(pod).join(', ')})`);
  return [
    {
      guard: drainTerminating.id,
      severity: 'warn',
      node: step.node.name,
      summary: `pods on ${step.node.name} are being deleted and wait for finalizers: ${listed(names)}`,
      remedy: 'The drain waits for them too. Look at the controllers that own these finalizers.',
      source: drainTerminating.source,
    },
  ];
}
