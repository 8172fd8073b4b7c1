import type { Guard } from './guard.ts';
import { judge } from './lib/skew.ts';
import { kubeletSkew } from './lib/skew-rules.ts';

export const skewKubelet: Guard = {
  id: 'skew-kubelet',
  title: 'No kubelet is newer than an API server or too old for it',
  source: 'Kubernetes version skew policy: kubelet',
  facts: ['nodes', 'apiServers', 'machine', 'packages', 'kubelet', 'staticPods'],
  scope: 'step',
  binding: 'skew is never violated, not even for a moment',
  check: (input) => judge(skewKubelet, input, kubeletSkew),
};
