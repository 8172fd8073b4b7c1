import { podsToDrain } from '../facts/lib/drain.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { moved } from './skew-mixed-api-servers.ts';
import type { SkewKubelet } from './lib/skew-state.ts';
import { listed, nodeField } from './lib/subject.ts';

export const skewKubeletDrained: Guard = {
  id: 'skew-kubelet-drained',
  title: 'A kubelet never changes its minor on a node that was not drained',
  source: 'Kubernetes version skew policy: kubelet upgrade',
  facts: ['nodes', 'pods', 'machine', 'packages', 'kubelet'],
  scope: 'step',
  ofSteps: true,
  binding: 'skew is never violated, not even for a moment',
  check: (input) => (input.step ? moved(input).flatMap((kubelet) => judge(kubelet, input)) : []),
};

function judge(kubelet: SkewKubelet, input: GuardInput): Finding[] {
  const object = input.before.cluster?.nodes?.find((node) => node.name === kubelet.node);
  if (!object) return [];
  const common = { guard: skewKubeletDrained.id, ...nodeField(input, object), source: skewKubeletDrained.source };
  const what = kubelet.source === 'running' ? 'kubelet' : 'kubelet package';
  if (!object.unschedulable) {
    return [
      {
        ...common,
        severity: 'refuse',
        summary: `the ${what} of ${object.name} would move to ${kubelet.version} while the node is schedulable`,
        remedy: 'Drain the node before the kubelet package is installed (a step that uses: drain).',
      },
    ];
  }
  // Pods that tolerate the cordon may have come back after a whole drain: shown, not refused.
  const pods = podsToDrain(input.before, object.name);
  const left = [...(pods?.evictable ?? []), ...(pods?.naked ?? [])].map((pod) => `${pod.namespace}/${pod.name}`);
  if (left.length === 0) return [];
  return [
    {
      ...common,
      severity: 'warn',
      summary: `the ${what} of ${object.name} would move to ${kubelet.version} with pods on the node: ${listed(left)}`,
      remedy: 'Drain the node first, not only cordon it, unless these pods tolerate the cordon.',
    },
  ];
}
