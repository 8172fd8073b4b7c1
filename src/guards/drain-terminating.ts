import { holdsDeletion } from '../facts/lib/drain.ts';
import { podsOn } from '../facts/lib/pods-on.ts';
import { drainGuard } from './lib/of-drain.ts';
import { listed } from './lib/subject.ts';

export const drainTerminating = drainGuard(
  {
    id: 'drain-terminating',
    title: 'No pod that is being deleted keeps a drain waiting',
    source: 'Kubernetes: "Finalizers", kubectl drain (it waits until each pod is gone)',
  },
  ({ facts, object, node }) => {
    const pods = podsOn(facts.cluster, object) ?? [];
    const stuck = pods.filter((pod) => pod.deleting && holdsDeletion(pod).length > 0);
    if (stuck.length === 0) return [];
    const names = stuck.map((pod) => `${pod.namespace}/${pod.name} (${holdsDeletion(pod).join(', ')})`);
    return [
      {
        severity: 'warn',
        summary: `pods on ${node} are being deleted and wait for finalizers: ${listed(names)}`,
        remedy: 'The drain waits for them too. Look at the controllers that own these finalizers.',
      },
    ];
  },
);
