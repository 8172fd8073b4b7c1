import type { Guard } from './guard.ts';
import { controllerSkew } from './skew-rules.ts';
import { judge } from './skew.ts';

export const skewR4: Guard = {
  id: 'skew-r4',
  title: 'Controller managers and schedulers fit the API servers that they ask',
  source: 'R4, Kubernetes version skew policy: kube-controller-manager, kube-scheduler, and cloud-controller-manager',
  facts: ['nodes', 'apiServers', 'staticPods', 'pods', 'machine', 'kubelet'],
  scope: 'step',
  // A cloud's own controller is upgraded by nobody here: it is shown.
  check: (input) => judge(skewR4, input, controllerSkew, ({ node }) => node === undefined),
};
