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
