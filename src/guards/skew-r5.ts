import type { Guard } from './guard.ts';
import { kubectlSkew } from './skew-rules.ts';
import { judge } from './skew.ts';

export const skewR5: Guard = {
  id: 'skew-r5',
  title: 'The kubectl of a run is within one minor of every API server',
  source: 'R5, Kubernetes version skew policy: kubectl',
  facts: ['nodes', 'apiServers', 'binaries', 'machine', 'kubelet'],
  scope: 'run',
  // Mostly it works all the same, and the run itself brings a newer one.
  check: (input) => judge(skewR5, input, kubectlSkew, () => true),
};
