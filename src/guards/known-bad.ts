import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import type { Facts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { compareVersions } from '../facts/lib/version.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import type { Guard } from './guard.ts';
import { knownBad, type KnownBad, type Subject } from './lib/known-bad.data.ts';
import { findingOf, targetOf } from './lib/subject.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const knownBadGuard: Guard = {
  id: 'known-bad',
  title: 'No kubeadm is used that is known to do harm to a cluster such as this',
  source: 'Reports of kubernetes/kubeadm and kubernetes/kubernetes, each named in its finding',
  comparedWith: 37,
  facts: [
    'binaries',
    'machine',
    'kubelet',
    'nodes',
    'apiServers',
    'staticPods',
    'kubeadmConfig',
    'kubeProxy',
    'kubeletSetup',
    'pods',
  ],
  scope: 'run',
  ofSteps: true,
  check: ({ before, step }) => {
    const options = upgradeOptions(step);
    const kubeadm = step && (before.nodes[step.node.name]?.binaries?.kubeadm ?? targetOf(step));
    if (!step || !options || kubeadm === undefined) return [];
    return knownBad
      .filter(({ steps }) => steps === 'both' || isStepOf(step, kubeadmUpgradeApply))
      .filter(
        (entry) =>
          isReached(entry, kubeadm, releaseAt(before, step.node)) && entry.condition(before, step.node, options),
      )
      .map(({ severity, what, remedy, source }) => ({
        ...findingOf(knownBadGuard, {
          severity,
          node: step.node.name,
          summary: `kubeadm ${kubeadm} is known to be bad here: ${what}`,
          remedy,
        }),
        source,
      }));
  },
};

/** Some entry of the table, whether it refuses or warns, is about going to this release here. */
export function isKnownBad(release: string, facts: Facts): boolean {
  const from = versionsOf(facts).clusterVersion;
  return knownBad.some((entry) => isReached(entry, release, from) && entry.condition(facts, undefined, {}));
}

function releaseAt(facts: Facts, node: Subject): string | undefined {
  const { apiServers, clusterVersion } = versionsOf(facts);
  return apiServers[nodeObjectFor(facts, node.name)?.name ?? node.name] ?? clusterVersion;
}

function isReached({ from, to }: KnownBad, release: string, now: string | undefined): boolean {
  return isWithin(to, release) && (from === undefined || (now !== undefined && isWithin(from, now)));
}

function isWithin([first, last]: readonly [string, string], release: string): boolean {
  return compareVersions(release, first) >= 0 && compareVersions(release, last) <= 0;
}
