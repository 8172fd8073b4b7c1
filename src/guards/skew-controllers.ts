import type { Guard } from './guard.ts';
import { controllerSkew } from './lib/skew-rules.ts';
import { judge } from './lib/skew.ts';

export const skewControllers: Guard = {
  id: 'skew-controllers',
  title: 'Controller managers and schedulers fit the API servers that they ask',
  source: 'Kubernetes version skew policy: kube-controller-manager, kube-scheduler, and cloud-controller-manager',
  facts: ['nodes', 'apiServers', 'staticPods', 'pods', 'machine', 'kubelet'],
  scope: 'step',
  // A run does not upgrade a cloud's own controller: only warn.
  check: (input) => judge(skewControllers, input, controllerSkew, ({ node }) => node === undefined),
};
