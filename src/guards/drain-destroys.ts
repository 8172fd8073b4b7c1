import { type Drain, drainGuard, podNames } from './lib/of-drain.ts';
import { type Draft, listed } from './lib/subject.ts';

export const drainDestroys = drainGuard(
  {
    id: 'drain-destroys',
    title: 'A drain destroys nothing that no one brings back, unless the runbook says so',
    source: 'kubectl drain: --force, --delete-emptydir-data ("Safely Drain a Node")',
    binding: 'kubectl drain itself refuses; `force` and `deleteEmptydirData` of the step say that it is meant',
  },
  (drain) => [
    ...losses(drain, 'naked', {
      what: 'delete permanently, as no controller brings them back',
      input: 'force',
      flag: '--force',
    }),
    ...foreign(drain),
    ...losses(drain, 'emptyDir', {
      what: 'lose the emptyDir data of',
      input: 'deleteEmptydirData',
      flag: '--delete-emptydir-data',
    }),
  ],
);

interface Loss {
  readonly what: string;
  readonly input: 'force' | 'deleteEmptydirData';
  readonly flag: string;
}

function losses({ pods, node, options }: Drain, kind: 'naked' | 'emptyDir', { what, input, flag }: Loss): Draft[] {
  if (pods[kind].length === 0) return [];
  return [
    {
      severity: options[input] ? 'warn' : 'refuse',
      summary: `draining ${node} would ${what}: ${listed(podNames(pods[kind]))}`,
      remedy: options[input]
        ? `The runbook's \`${input}: true\` says that this is meant.`
        : `Move or delete these pods yourself, or say that it is meant: \`${input}: true\` of the drain step (\`--set ${input}=true\` where the runbook has that input; kubectl's ${flag}).`,
    },
  ];
}

/** Since 1.34 kubectl compares the API group too (kubernetes/kubernetes#128779): these are evicted like others. */
function foreign({ pods, node, options }: Drain): Draft[] {
  const others = options.force ? [] : pods.evictable.filter(({ controller }) => controller?.group !== undefined);
  if (others.length === 0) return [];
  return [
    {
      severity: 'warn',
      summary: `pods on ${node} are of a DaemonSet that is not of the group apps: ${listed(others.map((pod) => `${pod.namespace}/${pod.name} (${pod.controller?.group ?? ''})`))}`,
      remedy:
        'kubectl 1.34 and later evicts them; an older one takes them for orphans, and refuses without `force: true` of the drain step.',
    },
  ];
}
