import { withoutEpoch } from '../packages/lib/revision.ts';
import { type InstalledPackage, kubernetesPackages } from '../packages/manager.ts';
import { commandsOf, managers, onNode, readings } from '../packages/registry.ts';
import type { Fact } from './fact.ts';

export interface PackagesFact {
  /** The installed ones of kubeadm, kubelet, kubectl, kubernetes-cni, cri-tools, with full revision (`1.32.9-1.1`). */
  readonly installed: Readonly<Record<string, InstalledPackage>>;
  /** Names on hold or version-locked, sorted. */
  readonly held: readonly string[];
  /** The {@link PackageManager.id} of the one that installs. */
  readonly manager?: string;
}

const known = managers.map(({ displayName }) => displayName).join(', ');

export const packages: Fact<PackagesFact> = {
  command: commandsOf(({ listing }) => listing),
  remedy: `Only nodes whose Kubernetes packages are from one of these are supported: ${known}.`,
  script: () =>
    `${onNode(
      ({ identify, installed }) => `echo "manager: $(${identify})"\n  ${installed}`,
      `echo 'there is none of these here: ${known}' >&2; exit 127`,
    )}
true`,
  parse: parsePackages,
};

function parsePackages(output: string): PackagesFact {
  const installed: Record<string, InstalledPackage> = {};
  const held = new Set<string>();
  for (const line of output.split('\n')) {
    const hold = /^held: ([^:\s]+)/.exec(line)?.[1] ?? readings.flatMap((one) => one.heldName?.(line) ?? [])[0];
    if (hold !== undefined) held.add(hold);
    const [name, revision, status] = line.trimEnd().split(' ');
    if (!isKubernetesPackage(name) || revision === undefined || status === undefined) continue;
    // `rc` has only its configuration left, `un` was never here.
    if (!/^([a-z][iUFHWt]|twice)/.test(status)) continue;
    installed[name] = { revision: withoutEpoch(revision), status };
    if (status.startsWith('h')) held.add(name);
  }
  const id = /^manager: (\S+)$/m.exec(output)?.[1];
  const manager = managers.find((one) => one.id === id)?.id;
  return { installed, held: [...held].toSorted(), ...(manager === undefined ? {} : { manager }) };
}

function isKubernetesPackage(name: string | undefined): name is string {
  return kubernetesPackages.some((one) => one === name);
}
