import type { DeprecatedApi } from '../facts/deprecated-apis.ts';
import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from '../actions/kubeadm-upgrade-node.ts';
import { kubeadmUpgradePlan } from '../actions/kubeadm-upgrade-plan.ts';
import { machinesWith } from '../facts/lib/machines-with.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed, targetOf } from './lib/subject.ts';

/** Only warns: an API server remembers every request since its start, also those of clients fixed since. */
export const deprecatedApis: Guard = {
  id: 'deprecated-apis',
  title: 'No one asks for APIs that the release takes away',
  source: '"Deprecated API Migration Guide", metric apiserver_requested_deprecated_apis of each API server',
  facts: ['deprecatedApis', 'kubeadmConfig'],
  scope: 'run',
  check: (input) => {
    const target = targetMinor(input);
    if (target === undefined) return [];
    const askedAt = new Map<string, string[]>();
    for (const [node, apis] of machinesWith(input.before.nodes, 'deprecatedApis')) {
      for (const api of apis.filter((one) => (minorNumber(one.removedRelease) ?? Infinity) <= target)) {
        askedAt.set(textOf(api), [...(askedAt.get(textOf(api)) ?? []), node]);
      }
    }
    return [...askedAt].map(([api, nodes]): Finding => finding(api, nodes));
  },
};

/** Where no step names a release: the next minor. */
function targetMinor({ before, step }: GuardInput): number | undefined {
  if (step && !isStepOf(step, kubeadmUpgradePlan, kubeadmUpgradeApply, kubeadmUpgradeNode)) return undefined;
  if (step) return minorNumber(targetOf(step) ?? '');
  const current = minorNumber(versionsOf(before).clusterVersion ?? '');
  return current === undefined ? undefined : current + 1;
}

function textOf({ group, version, resource, removedRelease }: DeprecatedApi): string {
  const removed = minorNumber(removedRelease);
  const release = removed === undefined ? removedRelease : minorText(removed);
  return `${group === '' ? '' : `${group}/`}${version} ${resource}, which ${release} takes away`;
}

function finding(api: string, nodes: readonly string[]): Finding {
  return {
    guard: deprecatedApis.id,
    severity: 'warn',
    summary: `a client asks for ${api} (seen by the API server of ${listed(nodes)})`,
    remedy:
      'Find who does so (audit logs: annotation k8s.io/deprecated) and move it to the newer version first; the count ends when an API server restarts.',
    source: deprecatedApis.source,
  };
}
