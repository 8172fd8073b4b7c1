import { z } from 'zod';
import type { Facts, NodeFacts } from '../facts/facts.ts';
import type { KubeletFact } from '../facts/kubelet.ts';
import type { PackagesFact } from '../facts/packages.ts';
import { anyRevisionOf, releaseOf } from '../packages/lib/revision.ts';
import { withNode } from '../facts/lib/with-node.ts';
import { pinOf } from '../packages/lib/pin.ts';
import type { Action, ActionContext, StepScript, Verdict } from './action.ts';
import { looksAtOthers, othersInstalled, scriptOfOthers, withOthers } from './lib/other-packages.ts';
import { entriesOf, list } from './lib/list.ts';
import { heldAmong, holdsMissing, scriptOfManager, unsound, withoutPackageManager } from './lib/packages.ts';
import { isBefore, minorOf, release } from './lib/release.ts';
import { machineOf } from './lib/subject.ts';
import { unitName } from './lib/unit-name.ts';
import { verdictOf } from './lib/verdict.ts';

/** Packages that go by a release of Kubernetes. */
const OF_KUBERNETES: readonly string[] = ['kubeadm', 'kubelet', 'kubectl'];

const packageWord = z
  .string()
  .regex(
    /^[a-zA-Z0-9][\w.+-]*(=[\w.:~+^-]+)?$/,
    'the name of a package, with =VERSION where it has a version of its own',
  );

const schema = z
  .strictObject({
    packages: list(packageWord).describe(
      'kubeadm, kubelet and kubectl, all at one release; or any others: NAME, or NAME=VERSION; none: nothing is done',
    ),
    version: z
      .string()
      .regex(/^[\w.:~+^-]*$/, 'a version such as 1.32.9 or 2.1, in quotes where YAML would read a number')
      .transform((version) => (version === '' ? undefined : version))
      .optional()
      .describe(
        'The release of Kubernetes; of other packages a revision or the beginning of one (2.1 is the newest 2.1.x), unless given the newest',
      ),
    services: list(unitName)
      .optional()
      .describe('Services that are restarted where they run since before one of the packages was installed'),
  })
  .superRefine(refine);
type With = z.infer<typeof schema>;

function refine({ packages, version, services = [] }: With, context: z.RefinementCtx): void {
  const complain = (path: string, message: string) => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  const of = packages.filter((word) => OF_KUBERNETES.includes(pinOf(word).name));
  if (of.length === 0) return;
  if (of.length < packages.length)
    complain(
      'packages',
      `${of.join(' and ')} go by a release of Kubernetes: install other packages in a step of its own`,
    );
  if (of.some((word) => word.includes('=')))
    complain('packages', 'kubeadm, kubelet and kubectl have one release, which `version` gives');
  if (!release.safeParse(version).success)
    complain('version', 'must be a Kubernetes release such as 1.32.9, in quotes where YAML would read a number');
  if (services.length > 0)
    complain('services', 'belongs to other packages: the kubelet is restarted by `restart-kubelet`');
}

/** Before expressions have their values, a list that only they give may be of Kubernetes. */
function isOfKubernetes({ packages }: Readonly<Record<string, unknown>>): boolean {
  if (typeof packages === 'string' && packages.includes('${{')) return true;
  const words = typeof packages === 'string' ? entriesOf(packages) : packages;
  return !Array.isArray(words) || words.some((word) => OF_KUBERNETES.includes(pinOf(String(word)).name));
}

export const installPackages: Action<With> = {
  name: 'install-packages',
  summary: 'Install packages at a version; what was on hold is on hold again afterwards, also after a failure',
  schema,
  target: (options) => (isOfKubernetes(options) ? options.version : undefined),
  ofRelease: isOfKubernetes,
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
    'package-offers',
    'units',
    'no-downgrade',
    'kubeadm-version',
    'container-runtime',
    'skew-kubelet',
    'skew-mixed-api-servers',
    'skew-kubelet-drained',
    'disk-room',
    'package-state',
    'repositories',
    'repository-key',
    'old-drop-in',
  ],
  settle: 30_000,
  unsupported: withoutPackageManager,
  looksAt: ({ with: options }) => (isOfKubernetes(options) ? {} : looksAtOthers(options)),
  script: (context) => (isOfKubernetes(context.with) ? scriptOfRelease(context) : scriptOfOthers(context)),
  isDone: (context) => (isOfKubernetes(context.with) ? releaseInstalled(context) : othersInstalled(context)),
  project: (context) => (isOfKubernetes(context.with) ? withRelease(context) : withOthers(context)),
};

/** The release, where all are of Kubernetes: their schema requires it. */
function versionOf({ with: { version = '' } }: ActionContext<With>): string {
  return version;
}

function scriptOfRelease(context: ActionContext<With>): StepScript {
  const wanted = context.with.packages.map((name) => ({
    name,
    revision: revisionOf(context, name) ?? anyRevisionOf(versionOf(context)),
  }));
  const install = { wanted, held: holdsToRestore(context) };
  return scriptOfManager(context, (manager) => manager.install(install, machineOf(context).repository));
}

function releaseInstalled(context: ActionContext<With>): Verdict {
  const packages = machineOf(context).packages;
  if (!packages) return { done: false, reason: `the packages of ${context.node.name} are not known` };
  const missing = [...packagesMissing(context, packages), ...holdsMissing(holdsToRestore(context), packages)];
  const names = context.with.packages.map((name) => `${name} ${packages.installed[name]?.revision ?? ''}`);
  const held = context.with.packages.every((name) => packages.held.includes(name)) ? ', on hold' : '';
  return verdictOf(missing, `installed: ${names.join(', ')}${held}`);
}

function withRelease(context: ActionContext<With>): Facts {
  return withNode(context.facts, context.node.name, (node) => withInstalled(context, node));
}

/** The exact revision: the newest offered one of the release, else the installed one. */
function revisionOf(context: ActionContext<With>, name: string): string | undefined {
  const version = versionOf(context);
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
    offered: machine.offered?.[minorOf(versionOf(context))]?.revisions[name] ?? [],
  };
}

/** Held packages that this installation may change: its own, and dependencies that may have to rise with them. */
function holdsToRestore(context: ActionContext<With>): string[] {
  const { packages } = context.with;
  const names: string[] = [
    ...packages,
    ...(packages.includes('kubelet') ? ['kubernetes-cni'] : []),
    ...(packages.includes('kubeadm') && isBefore(versionOf(context), 32) ? ['cri-tools'] : []),
  ];
  return heldAmong(context, names);
}

function packagesMissing(context: ActionContext<With>, { installed }: PackagesFact): string[] {
  const { packages } = context.with;
  const version = versionOf(context);
  return packages.flatMap((name) => {
    const found = installed[name];
    if (!found) return [`${name} is not installed`];
    if (releaseOf(found.revision) !== version) return [`${name} is at ${found.revision}, not ${version}`];
    return unsound(context, name, found);
  });
}

function withInstalled(context: ActionContext<With>, node: NodeFacts): NodeFacts {
  const { packages: names } = context.with;
  const version = versionOf(context);
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
