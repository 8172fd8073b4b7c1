import { z } from 'zod';
import type { Facts, NodeFacts } from '../facts/facts.ts';
import type { KubeletFact } from '../facts/kubelet.ts';
import type { PackagesFact } from '../facts/packages.ts';
import { anyRevisionOf, releaseOf } from '../packages/lib/revision.ts';
import { managerOf } from '../packages/registry.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { scriptOfManager, withoutPackageManager } from './lib/packages.ts';
import { isBefore, minorOf, release } from './lib/release.ts';
import { machineOf } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({
  packages: z
    .array(z.enum(['kubeadm', 'kubelet', 'kubectl']))
    .min(1)
    .describe('The packages to install, all at one release'),
  version: release.describe('Their release; the revision is found in the repository'),
});
type With = z.infer<typeof schema>;

export const installPackages: Action<With> = {
  name: 'install-packages',
  summary:
    'Install Kubernetes packages at one release; what was on hold is on hold again afterwards, also after a failure',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'repeatable',
  timeout: 900_000,
  usually: 45_000,
  onTimeout: 'kill',
  facts: ['os', 'packages', 'repository', 'offered', 'binaries', 'kubelet'],
  outcomeFacts: ['packages'],
  guards: [
    'membership',
    'same-machine',
    'repository-offers',
    'no-downgrade',
    'kubeadm-version',
    'skew-kubelet',
    'skew-mixed-api-servers',
    'skew-kubelet-drained',
    'disk-room',
    'package-state',
    'repositories',
    'repository-key',
    'old-drop-in',
  ],
  settle: 10_000,
  unsupported: withoutPackageManager,
  script(context) {
    const { packages, version } = context.with;
    const wanted = packages.map((name) => ({ name, revision: revisionOf(context, name) ?? anyRevisionOf(version) }));
    const install = { wanted, held: holdsToRestore(context) };
    return scriptOfManager(context, (manager) => manager.install(install, machineOf(context).repository));
  },
  isDone(context) {
    const packages = machineOf(context).packages;
    if (!packages) return { done: false, reason: `the packages of ${context.node.name} are not known` };
    const missing = [...packagesMissing(context, packages), ...holdsMissing(context, packages)];
    const names = context.with.packages.map((name) => `${name} ${packages.installed[name]?.revision ?? ''}`);
    const held = context.with.packages.every((name) => packages.held.includes(name)) ? ', on hold' : '';
    return verdictOf(missing, `installed: ${names.join(', ')}${held}`);
  },
  project(context): Facts {
    return withNode(context.facts, context.node.name, (node) => withInstalled(context, node));
  },
};

/** The exact revision: the newest offered one of the release, else the installed one. */
function revisionOf(context: ActionContext<With>, name: string): string | undefined {
  const { version } = context.with;
  const { installed, offered } = revisions(context, name);
  if (installed !== undefined && releaseOf(installed) === version) return installed;
  return offered.find((revision) => releaseOf(revision) === version);
}

function revisions(
  context: ActionContext<With>,
  name: string,
): { installed: string | undefined; offered: readonly string[] } {
  const machine = machineOf(context);
  return {
    installed: machine.packages?.installed[name]?.revision,
    offered: machine.offered?.[minorOf(context.with.version)]?.revisions[name] ?? [],
  };
}

/** Held packages that this installation may change: its own, and dependencies that may have to rise with them. */
function holdsToRestore(context: ActionContext<With>): string[] {
  const { packages, version } = context.with;
  const names: string[] = [
    ...packages,
    ...(packages.includes('kubelet') ? ['kubernetes-cni'] : []),
    ...(packages.includes('kubeadm') && isBefore(version, 32) ? ['cri-tools'] : []),
  ];
  const held = new Set([...(machineOf(context).packages?.held ?? []), ...(context.before?.held ?? [])]);
  return names.filter((name) => held.has(name));
}

function packagesMissing(context: ActionContext<With>, { installed }: PackagesFact): string[] {
  const { packages, version } = context.with;
  const says = `${managerOf(machineOf(context))?.reading.database ?? 'its database'} says`;
  return packages.flatMap((name) => {
    const found = installed[name];
    if (!found) return [`${name} is not installed`];
    if (releaseOf(found.revision) !== version) return [`${name} is at ${found.revision}, not ${version}`];
    return isSound(found.status) ? [] : [`${name} ${found.revision} is not whole (${says} ${found.status.trim()})`];
  });
}

function holdsMissing(context: ActionContext<With>, packages: PackagesFact): string[] {
  return holdsToRestore(context).flatMap((name) =>
    packages.held.includes(name) ? [] : [`${name} was on hold and is not any more`],
  );
}

/** The abbreviated status: wanted (any), then `i` for installed, then no error flag. */
function isSound(status: string): boolean {
  return /^[a-z]i$/.test(status.trim()) || status.trim() === 'installed';
}

function withInstalled(context: ActionContext<With>, node: NodeFacts): NodeFacts {
  const { packages: names, version } = context.with;
  const installed = names.map(
    (name) => [name, { revision: revisionOf(context, name) ?? `${version}-1.1`, status: 'ii' }] as const,
  );
  const held = [...new Set([...(node.packages?.held ?? []), ...holdsToRestore(context)])].toSorted();
  const changed = names.includes('kubelet') && node.binaries?.kubelet !== version;
  return {
    ...node,
    packages: { installed: { ...node.packages?.installed, ...Object.fromEntries(installed) }, held },
    binaries: { ...node.binaries, ...Object.fromEntries(names.map((name) => [name, version])) },
    ...(node.kubelet && changed && { kubelet: withNewBinary(node.kubelet) }),
  };
}

/** The running process is older than its binary until it is restarted. */
function withNewBinary(kubelet: KubeletFact): KubeletFact {
  return { ...kubelet, binaryChangedAt: Math.max(kubelet.binaryChangedAt ?? 0, (kubelet.startedAt ?? 0) + 1) };
}
