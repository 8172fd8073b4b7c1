import type { Guard } from './guard.ts';
import { kubectlSkew } from './lib/skew-rules.ts';
import { judge } from './lib/skew.ts';

export const skewKubectl: Guard = {
  id: 'skew-kubectl',
  title: 'The kubectl of a run is within one minor of every API server',
  source: 'Kubernetes version skew policy: kubectl',
  facts: ['nodes', 'apiServers', 'binaries', 'machine', 'kubelet'],
  scope: 'run',
  // Mostly it works all the same, and the run itself brings a newer one.
  check: (input) => judge(skewKubectl, input, kubectlSkew, () => true),
};
