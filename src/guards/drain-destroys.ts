import { type DrainStep, ofDrain } from './lib/of-drain.ts';
import { podsToDrain } from '../facts/lib/drain.ts';
import type { PodFact } from '../facts/pods.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed } from './lib/subject.ts';

export const drainDestroys: Guard = {
  id: 'drain-destroys',
  title: 'A drain destroys nothing that nobody brings back, unless the runbook says so',
  source: 'kubectl drain: --force, --delete-emptydir-data ("Safely Drain a Node")',
  facts: ['nodes', 'pods', 'machine', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  binding: 'kubectl drain itself refuses; `force` and `deleteEmptydirData` of the step say that it is meant',
  check: (input) => ofDrain(input, judge),
};

function judge(input: GuardInput, step: DrainStep): Finding[] {
  const object = nodeObjectFor(input.before, step.node.name);
  const pods = object && podsToDrain(input.before, object.name);
  if (!pods) return [];
  return [
    ...finding(step, pods.naked, step.with.force, {
      what: 'delete for good, as no controller brings them back',
      input: 'force',
      flag: '--force',
    }),
    ...finding(step, pods.emptyDir, step.with.deleteEmptydirData, {
      what: 'lose the emptyDir data of',
      input: 'deleteEmptydirData',
      flag: '--delete-emptydir-data',
    }),
  ];
}

function finding(
  step: DrainStep,
  pods: readonly PodFact[],
  allowed: boolean,
  loss: { readonly what: string; readonly input: string; readonly flag: string },
): Finding[] {
  if (pods.length === 0) return [];
  const names = listed(pods.map((pod) => `${pod.namespace}/${pod.name}`));
  return [
    {
      guard: drainDestroys.id,
      severity: allowed ? 'warn' : 'refuse',
      node: step.node.name,
      summary: `draining ${step.node.name} would ${loss.what}: ${names}`,
      remedy: allowed
        ? `The runbook's \`${loss.input}: true\` says that this is meant.`
        : `Move or delete these pods yourself, or say that it is meant: \`${loss.input}: true\` of the drain step (\`--set ${loss.input}=true\` where the runbook has that input; kubectl's ${loss.flag}).`,
      source: drainDestroys.source,
    },
  ];
}
