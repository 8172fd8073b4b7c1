import { inventoryNameOf } from '../../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput } from '../guard.ts';
import { apiServerSkew, kubeletSkew, kubeProxySkew, type Violation } from './skew-rules.ts';
import { type SkewState, skewState } from './skew-state.ts';

const policy = 'Kubernetes version skew policy';

export const skewApiServers: Guard = {
  id: 'skew-api-servers',
  title: 'API servers are within one minor of each other',
  source: `R1, ${policy}: kube-apiserver`,
  facts: ['nodes', 'apiServers', 'machine', 'kubelet', 'staticPods'],
  scope: 'step',
  binding: 'skew is never violated, not even for a moment',
  check: (input) => judge(skewApiServers, input, apiServerSkew),
};

export const skewKubelet: Guard = {
  id: 'skew-kubelet',
  title: 'No kubelet is newer than an API server or too old for it',
  source: `R2, ${policy}: kubelet`,
  facts: ['nodes', 'apiServers', 'machine', 'packages', 'kubelet', 'staticPods'],
  scope: 'step',
  binding: 'skew is never violated, not even for a moment',
  check: (input) => judge(skewKubelet, input, kubeletSkew),
};

export const skewKubeProxy: Guard = {
  id: 'skew-kube-proxy',
  title: 'kube-proxy fits the API servers and the kubelets',
  source: `R3, ${policy}: kube-proxy`,
  facts: ['nodes', 'apiServers', 'kubeProxy'],
  scope: 'step',
  check: (input) => judge(skewKubeProxy, input, kubeProxySkew, kubeadmMovesProxyEarly),
};

/** Before 1.28 kubeadm upgraded the addons with the first control plane (1.28 release notes): nothing can be done about it. */
function kubeadmMovesProxyEarly(violation: Violation, after: SkewState): boolean {
  return violation.key === 'newer' && (after.kubeProxy?.minor ?? 0) < 28;
}

/**
 * A step is refused when a violation is new or grows by it. One that was there before is shown: the step may be what mends it,
 * and refusing every step would leave the cluster as it is.
 */
export function judge(
  guard: Guard,
  input: GuardInput,
  rule: (state: SkewState) => readonly Violation[],
  tolerated: (violation: Violation, after: SkewState) => boolean = () => false,
): readonly Finding[] {
  const before = rule(skewState(input.before));
  const after = skewState(input.after);
  const violations = input.step ? rule(after) : before;
  return violations.map((violation): Finding => {
    const known = before.find((candidate) => candidate.key === violation.key);
    const grows = input.step !== undefined && violation.excess > (known?.excess ?? 0);
    const node = violation.node === undefined ? undefined : inventoryNameOf(input.before, violation.node);
    return {
      guard: guard.id,
      severity: grows && !tolerated(violation, after) ? 'refuse' : 'warn',
      ...(node === undefined ? {} : { node }),
      summary: violation.summary,
      remedy: violation.remedy,
      source: guard.source,
    };
  });
}
