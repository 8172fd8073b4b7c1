import { isStepOf, stepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from '../actions/kubeadm-upgrade-node.ts';
import { type OtherPackages, runtimesOf } from '../actions/lib/other-packages.ts';
import { restartKubelet } from '../actions/restart-kubelet.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Facts } from '../facts/facts.ts';
import { CRI_SOCKET } from '../facts/nodes.ts';
import { compareVersions, minorNumber, minorText } from '../facts/lib/version.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { type MachineDraft, onMachines, targetMinor } from './lib/machines.ts';
import { listed } from './lib/subject.ts';

interface Rule {
  readonly runtime: string;
  /** Versions older than this; undefined: all. */
  readonly below?: string;
  /** From this minor of Kubernetes on. */
  readonly from: number;
  readonly severity: Finding['severity'];
  readonly what: string;
  readonly remedy: string;
}

/** Data: the first that holds counts. */
const rules: readonly Rule[] = [
  {
    runtime: 'containerd',
    below: '1.6.0',
    from: 26,
    severity: 'refuse',
    what: 'it does not speak CRI v1, without which the kubelet of 1.26 does not register',
    remedy: 'Upgrade containerd to 1.6 or newer first, node by node, each one drained.',
  },
  {
    runtime: 'containerd',
    below: '2.0.0',
    from: 38,
    severity: 'refuse',
    what: '1.38 does not work with containerd 1.x',
    remedy:
      'Upgrade containerd to 2.x first, node by node, each one drained (its configuration file changes to version 3).',
  },
  {
    runtime: 'containerd',
    below: '2.0.0',
    from: 35,
    severity: 'warn',
    what: 'containerd 1.x is near its end: 1.38 does not work with it',
    remedy: 'Plan the upgrade to containerd 2.x.',
  },
];

export const containerRuntime: Guard = {
  id: 'container-runtime',
  title: 'The container runtime is one, and one that the release works with',
  source:
    'Kubernetes release notes (CRI v1 since 1.26; containerd 1.x until 1.37); "Container Runtimes"; kubeadm: several CRI sockets; CRI-O: the minor of its Kubernetes',
  comparedWith: 37,
  facts: ['nodes', 'machine', 'kubelet', 'kernel', 'kubeletSetup', 'binaries'],
  scope: 'run',
  check: (input) => {
    if (!input.step) {
      return onMachines(containerRuntime, input, ({ kernel }, node) => [
        ...twoRuntimes(kernel?.sockets ?? []),
        ...ofNextMinor(input, node),
      ]);
    }
    const install = stepOf(input.step, installPackages);
    if (install) return onMachines(containerRuntime, input, (_, node) => installed(input, node, install.with));
    if (!isStepOf(input.step, restartKubelet, kubeadmUpgradeNode, kubeadmUpgradeApply)) return [];
    const target = targetMinor(input, isStepOf(input.step, restartKubelet) ? 'kubelet' : 'kubeadm');
    return target === undefined
      ? []
      : onMachines(containerRuntime, input, (_, node) => [
          ...tooOld(input, node, target),
          ...dockershim(input.before, node, target),
        ]);
  },
};

/** What would be refused. */
function ofNextMinor(input: GuardInput, node: GuardNode): MachineDraft[] {
  const now = minorNumber(nodeObjectFor(input.before, node.name)?.kubeletVersion ?? '');
  if (now === undefined) return [];
  return [...tooOld(input, node, now + 1), ...dockershim(input.before, node, now + 1)]
    .filter(({ severity }) => severity === 'refuse')
    .map((draft) => ({ ...draft, severity: 'warn' }));
}

function twoRuntimes(sockets: readonly string[]): MachineDraft[] {
  if (sockets.length < 2) return [];
  return [
    {
      severity: 'warn',
      summary: `several container runtimes listen: ${listed(sockets)}`,
      remedy: 'Stop and disable the one that the kubelet does not use; kubeadm cannot choose, and both fill the disk.',
    },
  ];
}

/** What a step installs, under the kubelet that the node has. */
function installed({ before }: GuardInput, node: GuardNode, options: OtherPackages): MachineDraft[] {
  const now = minorNumber(nodeObjectFor(before, node.name)?.kubeletVersion ?? '');
  if (now === undefined) return [];
  return runtimesOf(options, before.nodes[node.name]).flatMap(({ name, version }) => judged(name, version, now));
}

function tooOld({ before }: GuardInput, node: GuardNode, target: number): MachineDraft[] {
  const [runtime = '', version] = nodeObjectFor(before, node.name)?.containerRuntime?.split('://') ?? [];
  return version === undefined ? [] : judged(runtime, version, target);
}

function judged(runtime: string, version: string, target: number): MachineDraft[] {
  if (!/^v?\d/.test(version)) return [];
  const rule = rules.find(
    (one) =>
      one.runtime === runtime &&
      target >= one.from &&
      (one.below === undefined || compareVersions(version, one.below) < 0),
  );
  if (!rule) return runtime === 'cri-o' ? otherMinor(version, target) : [];
  const summary = `${runtime} ${version} under Kubernetes ${minorText(target)}: ${rule.what}`;
  return [{ severity: rule.severity, summary, remedy: rule.remedy }];
}

/** "CRI-O follows the Kubernetes release cycles with respect to its minor versions" (cri-o/cri-o, README). */
function otherMinor(version: string, target: number): MachineDraft[] {
  const behind = target - (minorNumber(version) ?? target);
  if (behind < 1) return [];
  return [
    {
      severity: behind === 1 ? 'note' : 'warn',
      summary: `cri-o ${version} under Kubernetes ${minorText(target)}: CRI-O is released for the Kubernetes of its own minor, and is ${behind === 1 ? 'one minor' : `${behind} minors`} behind`,
      remedy: `Upgrade CRI-O to ${minorText(target)} along with the node, while it is drained.`,
    },
  ];
}

/** With cri-dockerd the Node object says docker as well: its socket tells the two apart. */
function dockershim(facts: Facts, node: GuardNode, target: number): MachineDraft[] {
  const object = nodeObjectFor(facts, node.name);
  const socket = object?.annotations[CRI_SOCKET] ?? '';
  // Left behind by a move to another runtime it is no more than a wrong annotation: `cri-socket`.
  const isDocker = object?.containerRuntime?.startsWith('docker:') ?? true;
  if (target < 24 || !isDocker || !socket.includes('dockershim')) return [];
  return [
    {
      severity: 'refuse',
      summary: `it runs containers through dockershim, which ${minorText(target)} does not have any more`,
      remedy: 'Move the node to containerd or cri-dockerd first ("Migrating from dockershim").',
    },
  ];
}
