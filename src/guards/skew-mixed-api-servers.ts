import type { Finding, Guard, GuardInput } from './guard.ts';
import { nodeField } from './lib/subject.ts';
import { once } from '../facts/lib/once.ts';
import { highest, lowest, reachable, type SkewKubelet, skewState } from './lib/skew-state.ts';

export const skewMixedApiServers: Guard = {
  id: 'skew-mixed-api-servers',
  title: 'No kubelet moves to the new minor while an API server it may reach is still at the old one',
  source: 'Kubernetes version skew policy (kubernetes/kubernetes #127316)',
  facts: ['nodes', 'apiServers', 'machine', 'packages', 'kubelet', 'staticPods'],
  scope: 'step',
  ofSteps: true,
  binding: 'skew is never violated, not even for a moment',
  check: (input) => (input.step ? moved(input).flatMap((kubelet) => judge(kubelet, input)) : []),
};

/** Kubelets whose minor rises by the step, running or (for the next start) on the disk. */
export function moved(input: GuardInput): SkewKubelet[] {
  const before = skewState(input.before).kubelets;
  const after = skewState(input.after).kubelets;
  return after === before ? [] : movedSince(before)(after);
}

const movedSince = once((before: readonly SkewKubelet[]) =>
  once((after: readonly SkewKubelet[]): SkewKubelet[] => {
    // What a step changes lies between what both lists begin with and what both end with.
    let [start, was, now] = [0, before.length, after.length];
    while (start < now && before[start] === after[start]) start += 1;
    while (was > start && now > start && before[was - 1] === after[now - 1]) [was, now] = [was - 1, now - 1];
    const changed = before.slice(start, was);
    return after.slice(start, now).filter((kubelet) => {
      const same = (source: SkewKubelet['source']) =>
        changed.find((candidate) => candidate.node === kubelet.node && candidate.source === source);
      const earlier = same(kubelet.source) ?? same('running');
      return earlier !== undefined && kubelet.minor > earlier.minor;
    });
  }),
);

function judge(kubelet: SkewKubelet, input: GuardInput): Finding[] {
  // The API servers as they are when the kubelet starts, whichever side of the step that is.
  const { apiServers } = skewState(input.before);
  const [low, high] = [lowest(apiServers), highest(apiServers)];
  if (!low || !high || low.minor === high.minor || kubelet.minor <= low.minor) return [];
  const old = lowest(reachable(apiServers, kubelet));
  if (!old || old.minor >= kubelet.minor) return [];
  const through = kubelet.server === undefined ? 'an unknown address' : kubelet.server;
  return [
    {
      guard: skewMixedApiServers.id,
      severity: 'refuse',
      ...nodeField(input, kubelet.node),
      summary: `kubelet of ${kubelet.node} would move to ${kubelet.version} while the API server of ${old.node} is at ${old.version}, which it may reach through ${through}`,
      remedy:
        'Run kubeadm on all control planes first, then upgrade their kubelets one by one, then the workers. (A kubelet whose kubelet.conf names an upgraded API server itself may go ahead.)',
      source: skewMixedApiServers.source,
    },
  ];
}
