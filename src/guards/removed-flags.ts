import type { Facts } from '../facts/facts.ts';
import { isStepOf } from '../actions/bound-step.ts';
import { restartKubelet } from '../actions/restart-kubelet.ts';
import { cleanerOf, KUBEADM_FLAGS } from '../facts/lib/kubeadm-cleans.ts';
import { minorNumber, minorText } from '../facts/lib/version.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { layers, layersAt, OWN_FILE, SHARED } from './lib/kubelet-start.ts';
import { onMachines, targetMinor, type MachineDraft } from './lib/machines.ts';
import { removedAdmissionPlugins, removedFlags } from './lib/removed-flags.data.ts';
import { removedFeatureGates } from './lib/removed-gates.data.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const removedFlagsGuard: Guard = {
  id: 'removed-flags',
  title: 'No component is given a flag, feature gate or admission plugin that its release does not have any more',
  source: 'Kubernetes release notes; "Feature Gates (removed)"; "Admission Controllers Reference"',
  facts: [
    'kubeletSetup',
    'manifests',
    'kubeadmConfig',
    'kubeletConfig',
    'binaries',
    'staticPods',
    'nodes',
    'machine',
    'kubelet',
  ],
  scope: 'run',
  check: (input) => onMachines(removedFlagsGuard, input, (_, node) => judge(input, node)),
};

const controlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

function judge(input: GuardInput, node: GuardNode): MachineDraft[] {
  const { before, step } = input;
  if (!step) {
    const now = minorNumber(nodeObjectFor(before, node.name)?.kubeletVersion ?? '');
    const given = [...(node.role === 'control-plane' ? ofControlPlane(before) : []), ...ofKubelet(input, node)];
    return now === undefined
      ? []
      : findings(given, Number.POSITIVE_INFINITY, (since) => (since <= now + 1 ? 'warn' : 'note'));
  }
  if (isStepOf(step, restartKubelet)) {
    const target = targetMinor(input, 'kubelet');
    return target === undefined ? [] : findings(ofKubelet(input, node), target, () => 'refuse');
  }
  const upgrade = upgradeOptions(step);
  if (!upgrade) return [];
  const target = node.role === 'control-plane' ? targetMinor(input, 'kubeadm') : undefined;
  if (target === undefined) return [];
  return [
    ...findings(ofControlPlane(before), target, () => 'refuse'),
    // What was changed by hand in a manifest alone is lost with it, unless patches put it back.
    ...(upgrade.patches !== undefined ? findings(ofManifests(before, node), target, () => 'warn') : []),
  ];
}

/** A flag, gate or plugin that a component is given, and the minor that took it away. */
interface Given {
  readonly component: string;
  readonly what: string;
  readonly where: string;
  readonly since: number;
  readonly remedy: string;
}

function findings(
  given: readonly Given[],
  target: number,
  severity: (since: number) => Finding['severity'],
): MachineDraft[] {
  return given
    .filter(({ since }) => since <= target)
    .map(({ component, what, where, since, remedy }) => ({
      severity: severity(since),
      summary: `${component} does not start with ${what} (${where}) from ${minorText(since)} on`,
      remedy,
    }));
}

function ofControlPlane({ cluster }: Facts): Given[] {
  const where = 'extraArgs in the ConfigMap kube-system/kubeadm-config';
  const remedy =
    'Take it out there: kubectl -n kube-system edit configmap kubeadm-config. kubeadm writes the manifests from it.';
  return controlPlane.flatMap((component) =>
    givenBy(component, cluster?.kubeadmConfig?.extra?.[component]?.flags ?? [], where, remedy),
  );
}

function ofManifests(facts: Facts, node: GuardNode): Given[] {
  const manifests = facts.nodes[node.name]?.manifests ?? {};
  return controlPlane.flatMap((component) => {
    const known = new Set((facts.cluster?.kubeadmConfig?.extra?.[component]?.flags ?? []).map(({ name }) => name));
    const own = (manifests[component]?.flags ?? []).filter(({ name }) => !known.has(name));
    const where = `/etc/kubernetes/manifests/${component}.yaml`;
    return givenBy(component, own, where, 'See to it that the patches do not set it.');
  });
}

function ofKubelet(input: GuardInput, node: GuardNode): Given[] {
  const { before, step } = input;
  const gates = (step ? layersAt(input, node) : layers(before, node, 'shared')).flatMap(({ where, config }) => {
    const remedy = `Take it out there${where === SHARED ? `, and out of ${OWN_FILE} on the nodes` : ''}.`;
    return Object.keys(config.featureGates).flatMap((gate) =>
      gateGiven('kubelet', gate, `featureGates in ${where}`, remedy),
    );
  });
  return [...kubeletFlags(input, node), ...gates];
}

/** The package replaces its own file, and the kubeadm of one minor takes some flags out of its file. */
function kubeletFlags(input: GuardInput, node: GuardNode): Given[] {
  const now = minorNumber(nodeObjectFor(input.before, node.name)?.kubeletVersion ?? '') ?? 0;
  const to = targetMinor(input, 'kubelet');
  const willGo = (flag: string) => {
    const cleaner = cleanerOf(flag);
    return cleaner !== undefined && (to === undefined ? cleaner > now : cleaner === to);
  };
  return (input.before.nodes[node.name]?.kubeletSetup?.flags ?? [])
    .filter(({ file, name }) => !/^(\/usr)?\/lib\//.test(file) && !(file === KUBEADM_FLAGS && willGo(name)))
    .flatMap(({ file, name, value = '' }) => givenBy('kubelet', [{ name, value }], file, remedyFor(file, name)));
}

function remedyFor(file: string, flag: string): string {
  const cleaner = file === KUBEADM_FLAGS ? cleanerOf(flag) : undefined;
  const fields = `Take it out of ${file}; most flags have a field in the kubelet configuration.`;
  if (cleaner === undefined) return fields;
  return `Only kubeadm ${minorText(cleaner)} takes it out: let the node go through ${minorText(cleaner)} (workers: each), or take it out of ${file} by hand.`;
}

function givenBy(
  component: string,
  flags: readonly { readonly name: string; readonly value: string }[],
  where: string,
  remedy: string,
): Given[] {
  return flags.flatMap(({ name, value }): Given[] => {
    const since = sinceOf(removedFlags[component], name) ?? sinceOf(removedFlags['*'], name);
    if (since !== undefined) return [{ component, what: `--${name}`, where, since, remedy }];
    const words = value.split(',').map((word) => word.replace(/=.*/, '').trim());
    if (name === 'feature-gates') return words.flatMap((gate) => gateGiven(component, gate, where, remedy));
    if (name !== 'enable-admission-plugins' && name !== 'disable-admission-plugins') return [];
    return words.flatMap((plugin) => {
      const gone = sinceOf(removedAdmissionPlugins, plugin);
      return gone === undefined
        ? []
        : [{ component, what: `the admission plugin ${plugin}`, where, since: gone, remedy }];
    });
  });
}

function gateGiven(component: string, gate: string, where: string, remedy: string): Given[] {
  const since = sinceOf(removedFeatureGates, gate);
  return since === undefined ? [] : [{ component, what: `the feature gate ${gate}`, where, since, remedy }];
}

function sinceOf(table: Readonly<Record<number, readonly string[]>> | undefined, name: string): number | undefined {
  const found = Object.entries(table ?? {}).find(([, names]) => names.includes(name));
  return found && Number(found[0]);
}
