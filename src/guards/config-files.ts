import type { ConfigFile } from '../facts/config-files.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { type MachineDraft, onMachines, targetMinor } from './lib/machines.ts';
import { kmsV1, removedConfigs } from './lib/removed-configs.data.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const configFilesGuard: Guard = {
  id: 'config-files',
  title: 'Configuration files that flags name are in versions that the release reads',
  source: `Kubernetes release notes: ${[...new Set([...removedConfigs, kmsV1].map(({ source }) => source))].join(', ')}`,
  comparedWith: 37,
  facts: ['configFiles', 'kubeadmConfig', 'manifests', 'binaries', 'nodes', 'machine', 'kubelet'],
  scope: 'run',
  roles: ['control-plane'],
  check: (input) => {
    if (input.step && !(upgradeOptions(input.step) && input.step.node.role === 'control-plane')) return [];
    return onMachines(configFilesGuard, input, ({ configFiles = [] }, node) =>
      configFiles.flatMap((file) => judge(file, input, node)),
    );
  },
};

/** A file that a release does not read. */
interface Gone {
  readonly since: number;
  readonly what: string;
  readonly remedy: string;
}

function judge(file: ConfigFile, input: GuardInput, node: GuardNode): MachineDraft[] {
  const { component, flag } = file;
  const target = input.step ? targetMinor(input, 'kubeadm') : Number.POSITIVE_INFINITY;
  if (target === undefined) return [];
  if (file.missing) return input.step ? [notRead(file)] : [];
  return goneOf(file, input, node)
    .filter(({ since }) => since <= target)
    .map(({ since, what, remedy }) => ({
      severity: severityOf(file, since, input, node),
      summary: `${component} does not start with ${file.file} (--${flag}) from ${minorText(since)} on: ${what}`,
      remedy,
    }));
}

function notRead({ component, flag, file }: ConfigFile): MachineDraft {
  return {
    severity: 'note',
    summary: `${file}, which --${flag} of ${component} names, was not found: its version is not known`,
    remedy: 'See to it that the release reads its apiVersion.',
  };
}

/** kubeadm writes the manifest again: a flag that is in the manifest alone goes, unless patches put it back. */
function severityOf(
  { component, flag }: ConfigFile,
  since: number,
  { before, step }: GuardInput,
  node: GuardNode,
): Finding['severity'] {
  if (!step) {
    const now = minorNumber(nodeObjectFor(before, node.name)?.kubeletVersion ?? '') ?? 0;
    return since <= now + 1 ? 'warn' : 'note';
  }
  const flags = before.cluster?.kubeadmConfig?.extra?.[component]?.flags ?? [];
  const stays = flags.some(({ name }) => name === flag) || upgradeOptions(step)?.patches !== undefined;
  return stays ? 'refuse' : 'warn';
}

function goneOf(file: ConfigFile, input: GuardInput, node: GuardNode): Gone[] {
  const gone = removedConfigs.flatMap(({ kind, since, use }): Gone[] =>
    file.kinds.some((one) => one === kind || one.startsWith(`${kind} `))
      ? [{ since, what: `${kind} is gone`, remedy: `Write it as ${use}, which the running release reads too.` }]
      : [],
  );
  if (!file.kms?.includes('v1') || hasGate(input, node)) return gone;
  const what = 'its KMS provider is of version v1, which is off unless a feature gate says otherwise';
  const remedy = `Move to a provider of KMS v2 (apiVersion: v2), or keep v1 by feature-gates: ${kmsV1.gate}=true in the extraArgs of the API server. Without either, what is encrypted cannot be read.`;
  return [...gone, { since: kmsV1.since, what, remedy }];
}

function hasGate({ before, step }: GuardInput, node: GuardNode): boolean {
  const own = before.nodes[node.name]?.manifests?.['kube-apiserver']?.flags ?? [];
  const configured = before.cluster?.kubeadmConfig?.extra?.['kube-apiserver']?.flags ?? [];
  // What is in the manifest alone stays only with patches.
  const flags = step && upgradeOptions(step)?.patches === undefined ? configured : [...configured, ...own];
  return flags.some(
    ({ name, value }) => name === 'feature-gates' && new RegExp(`(^|[,:])${kmsV1.gate}=true(,|$)`).test(value),
  );
}
