import type { Guard } from './guard.ts';
import { judge } from './lib/skew.ts';
import { apiServerSkew } from './lib/skew-rules.ts';

export const skewApiServers: Guard = {
  id: 'skew-api-servers',
  title: 'API servers are within one minor of each other',
  source: 'Kubernetes version skew policy: kube-apiserver',
  facts: ['nodes', 'apiServers', 'machine', 'kubelet', 'staticPods'],
  scope: 'step',
  binding: 'skew is never violated, not even for a moment',
  check: (input) => judge(skewApiServers, input, apiServerSkew),
};
