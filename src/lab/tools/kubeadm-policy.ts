import { compareVersions, isRelease, minorNumber } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import { members, type World } from '../world.ts';
import { nodeCondition } from '../node-status.ts';

/** kubeadm's version policy (cmd/kubeadm/app/phases/upgrade/policy.go). `--force` skips those marked so. */
export function versionProblems(
  { releases, cluster: { version: cluster } }: World,
  target: string,
  kubeadm: string,
  force: boolean,
): string[] {
  const problems: string[] = [];
  const [from, to, own] = [minorNumber(cluster), minorNumber(target), minorNumber(kubeadm)];
  if (!isRelease(target) && !releases?.has(target))
    problems.push(`Specified version to upgrade to "v${target}" is not a released version`);
  if (to > from + 1)
    problems.push(
      `Specified version to upgrade to "v${target}" is too high; kubeadm can upgrade only 1 minor version at a time`,
    );
  if (to < from)
    problems.push(
      `Specified version to upgrade to "v${target}" is too low; kubeadm can't downgrade a control plane of v${cluster}`,
    );
  if (to > own)
    problems.push(
      `Specified version to upgrade to "v${target}" is at least one minor release higher than the kubeadm minor release (${to} > ${own}). Such an upgrade is not supported`,
    );
  if (own > from + 1)
    problems.push(
      `This version of kubeadm (v${kubeadm}) cannot upgrade a cluster of version v${cluster}: at most one minor release older is supported`,
    );
  if (!force && to === own && compareVersions(target, kubeadm) > 0)
    problems.push(
      `Specified version to upgrade to "v${target}" is higher than the kubeadm version "v${kubeadm}". Upgrade kubeadm first using the tool you used to install kubeadm`,
    );
  return problems;
}

/** Kubelets too old for the target: 1 minor before 1.29, 3 from then on. */
export function kubeletProblems(context: ToolContext, target: string): string[] {
  const allowed = minorNumber(target) < 29 ? 1 : 3;
  return members(context.world).flatMap((machine) => {
    const { kubeletVersion } = nodeCondition(context.world.cluster, machine);
    if (minorNumber(target) - minorNumber(kubeletVersion) <= allowed) return [];
    return [`There are kubelets in this cluster that are too old that have these versions [v${kubeletVersion}]`];
  });
}
