import { minorNumber, minorText } from '../facts/lib/version.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { lowest, skewState } from './lib/skew-state.ts';
import { nodeField, targetOf } from './lib/subject.ts';

export const noSkippedMinor: Guard = {
  id: 'no-skipped-minor',
  title: 'An API server never skips a minor',
  source: 'Kubernetes version skew policy: kube-apiserver upgrade',
  facts: ['nodes', 'apiServers', 'kubeadmConfig'],
  scope: 'step',
  ofSteps: true,
  binding: 'Kubernetes has no upgrade that skips a minor',
  check: (input) => {
    if (!input.step) return [];
    const target = fromTarget(input);
    return target.length > 0 ? target : fromProjection(input);
  },
};

/** The step names the release: judged against the oldest API server, and what kubeadm recorded where none answered. */
function fromTarget(input: GuardInput): Finding[] {
  const target = targetOf(input.step);
  const to = target === undefined ? undefined : minorNumber(target);
  const oldest = lowest(skewState(input.before).apiServers)?.version;
  const now = oldest ?? input.before.cluster?.kubeadmConfig?.kubernetesVersion;
  const from = now === undefined ? undefined : minorNumber(now);
  if (target === undefined || now === undefined || to === undefined || from === undefined || to - from <= 1) return [];
  return [finding(`from ${now} to ${target} skips ${skipped(from, to)}`, from, target)];
}

function fromProjection(input: GuardInput): Finding[] {
  const before = skewState(input.before).apiServers;
  return skewState(input.after).apiServers.flatMap((server) => {
    const was = before.find((candidate) => candidate.node === server.node);
    if (!was || server.minor - was.minor <= 1) return [];
    const summary = `the API server of ${server.node} would go from ${was.version} to ${server.version}: it skips ${skipped(was.minor, server.minor)}`;
    return [{ ...finding(summary, was.minor, server.version), ...nodeField(input, server.node) }];
  });
}

function finding(summary: string, from: number, target: string): Finding {
  return {
    guard: noSkippedMinor.id,
    severity: 'refuse',
    summary,
    remedy: `Go to ${minorText(from + 1)} first: upgrade the whole cluster to a release of ${minorText(from + 1)}, then on from there towards ${target}.`,
    source: noSkippedMinor.source,
  };
}

/** `1.32`, `1.32 and 1.33` */
function skipped(from: number, to: number): string {
  return Array.from({ length: to - from - 1 }, (_, index) => minorText(from + 1 + index)).join(' and ');
}
