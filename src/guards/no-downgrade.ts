import { type BoundStep, isStepOf, stepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import { packageRepo } from '../actions/package-repo.ts';
import { compareVersions, minorNumber } from '../facts/lib/version.ts';
import { releaseOf } from '../packages/lib/revision.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { peopleName, targetOf } from './lib/subject.ts';

export const noDowngrade: Guard = {
  id: 'no-downgrade',
  title: 'Nothing goes back to an older release, not even an older patch',
  source: 'Kubernetes: downgrades are not supported ("Upgrading kubeadm clusters")',
  facts: ['nodes', 'machine', 'packages', 'apiServers', 'kubeadmConfig'],
  scope: 'step',
  ofSteps: true,
  binding: 'Kubernetes has no downgrade',
  check: (input) => {
    if (!input.step) return [];
    const named = [...clusterDowngrade(input, input.step), ...packageDowngrades(input, input.step)];
    return named.length > 0 ? named : projectedDowngrades(input);
  },
};

function clusterDowngrade(input: GuardInput, step: BoundStep): Finding[] {
  const target = targetOf(step);
  const now = versionsOf(input.before).clusterVersion;
  if (target === undefined || now === undefined || compareVersions(target, now) >= 0) return [];
  // A package source holds a whole minor, so an older patch of it is no step back.
  if (isStepOf(step, packageRepo) && minorNumber(target) === minorNumber(now)) return [];
  if (stepOf(step, installPackages)?.with.packages.includes('kubeadm') === false) return [];
  return [refusal(`${target} is older than the cluster, which is at ${now}`, now)];
}

function packageDowngrades(input: GuardInput, step: BoundStep): Finding[] {
  const options = stepOf(step, installPackages)?.with;
  const installed = input.before.nodes[step.node.name]?.packages?.installed;
  const target = targetOf(step);
  if (!options || !installed || target === undefined) return [];
  const newer = options.packages.flatMap((name) => {
    const version = releaseOf(installed[name]?.revision ?? '');
    return version !== '' && compareVersions(target, version) < 0 ? [{ name, version }] : [];
  });
  const newest = newer
    .map(({ version }) => version)
    .toSorted(compareVersions)
    .at(-1);
  if (newest === undefined) return [];
  const names = newer.map(({ name }) => name).join(', ');
  const summary = `${names} ${target} would be older than what ${step.node.name} has, ${newest}`;
  return [{ ...refusal(summary, newest), node: step.node.name }];
}

/** No API server and no kubelet may end up older than it was, by any step. */
function projectedDowngrades(input: GuardInput): Finding[] {
  const [before, after] = [versionsOf(input.before), versionsOf(input.after)];
  const compare = (what: string, was: Readonly<Record<string, string>>, is: Readonly<Record<string, string>>) =>
    Object.entries(is).flatMap(([node, version]) => {
      const old = was[node];
      if (old === undefined || old === version || compareVersions(version, old) >= 0) return [];
      return [refusal(`the ${what} of ${peopleName(input.before, node)} would go back from ${old} to ${version}`, old)];
    });
  return [
    ...compare('API server', before.apiServers, after.apiServers),
    ...(input.before.cluster?.nodes === input.after.cluster?.nodes
      ? []
      : compare('kubelet', before.kubelets, after.kubelets)),
  ];
}

function refusal(summary: string, now: string): Finding {
  return {
    guard: noDowngrade.id,
    severity: 'refuse',
    summary: `${summary}: downgrades are not supported`,
    remedy: `Choose ${now} or newer. To go back, restore etcd and the nodes from a backup.`,
    source: noDowngrade.source,
  };
}
