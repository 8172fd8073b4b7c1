import type { Guard } from './guard.ts';
import { judge } from './lib/skew.ts';
import { kubeProxySkew, type Violation } from './lib/skew-rules.ts';
import type { SkewState } from './lib/skew-state.ts';

export const skewKubeProxy: Guard = {
  id: 'skew-kube-proxy',
  title: 'kube-proxy fits the API servers and the kubelets',
  source: 'Kubernetes version skew policy: kube-proxy',
  facts: ['nodes', 'apiServers', 'kubeProxy'],
  scope: 'step',
  check: (input) => judge(skewKubeProxy, input, kubeProxySkew, kubeadmMovesProxyEarly),
};

/** Before 1.28 kubeadm always upgrades the addons with the first control plane (1.28 release notes). */
function kubeadmMovesProxyEarly(violation: Violation, after: SkewState): boolean {
  return violation.key === 'newer' && (after.kubeProxy?.minor ?? 0) < 28;
}
