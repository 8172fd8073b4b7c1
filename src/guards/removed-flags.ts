import type { Facts } from '../facts/facts.ts';
import { etcdVersionOf } from '../facts/lib/etcd-releases.ts';
import { isStepOf } from '../actions/bound-step.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { restartKubelet } from '../actions/restart-kubelet.ts';
import { cleanerOf, KUBEADM_FLAGS } from '../facts/lib/kubeadm-cleans.ts';
import { compareVersions, minorNumber, minorText } from '../facts/lib/version.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { layers, layersAt, OWN_FILE, SHARED } from './lib/kubelet-start.ts';
import { onMachines, targetMinor, type MachineDraft } from './lib/machines.ts';
import {
  etcdOfMinor,
  removedAdmissionPlugins,
  removedEtcdFlags,
  removedFlags,
  removedKubeadmGates,
} from './lib/removed-flags.data.ts';
import { removedFeatureGates } from './lib/removed-gates.data.ts';
import { upgradeOptions } from './lib/upgrade.ts';

export const removedFlagsGuard: Guard = {
  id: 'removed-flags',
  title: 'No component is given a flag, feature gate or admission plugin that its release does not have any more',
  source:
    'Kubernetes release notes; "Feature Gates (removed)"; "Admission Controllers Reference"; "Upgrade etcd from 3.5 to 3.6"; "kubeadm init", removed feature gates',
  comparedWith: 37,
  facts: [
    'kubeletSetup',
    'manifests',
    'kubeadmConfig',
    'kubeletConfig',
    'kubeProxyConfig',
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
    const given = [
      ...(node.role === 'control-plane' ? [...ofControlPlane(before), ...ofEtcd(before)] : []),
      // Of the cluster as a whole: said once.
      ...(node === input.nodes.find(({ role }) => role === 'control-plane') ? ofCluster(before) : []),
      ...ofKubelet(input, node),
    ];
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
    ...(upgrade.etcdUpgrade === false ? [] : findings(ofEtcd(before), target, () => 'refuse')),
    // A later control plane runs the kubeadm of this one, and kube-proxy comes with the last.
    ...(isStepOf(step, kubeadmUpgradeApply) ? findings(ofCluster(before), target, () => 'refuse') : []),
    // What was changed by hand in a manifest alone is lost with it, unless patches put it back.
    ...(upgrade.patches !== undefined ? findings(ofManifests(before, node), target, () => 'warn') : []),
  ];
}

/** A flag, gate or plugin that a component is given, and the minor that took it away. */
interface Given {
  readonly component: string;
  readonly what: string;
  readonly where: string;
  /** What it does not do; default: start. */
  readonly fails?: string;
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
    .map(({ component, what, where, fails = 'start', since, remedy }) => ({
      severity: severity(since),
      summary: `${component} does not ${fails} with ${what} (${where}) from ${minorText(since)} on`,
      remedy,
    }));
}

const extraArgs = 'extraArgs in the ConfigMap kube-system/kubeadm-config';
const takeOut =
  'Take it out there: kubectl -n kube-system edit configmap kubeadm-config. kubeadm writes the manifests from it.';

/** A pinned image stays: what a newer etcd does not know is of no account then. */
function ofEtcd({ cluster }: Facts): Given[] {
  const { extra, etcd } = cluster?.kubeadmConfig ?? {};
  const pinned = etcdVersionOf(etcd?.imageTag);
  return (extra?.['etcd']?.flags ?? []).flatMap(({ name }): Given[] => {
    const since = sinceOf(removedEtcdFlags, name);
    const version = since === undefined ? undefined : etcdOfMinor[since];
    if (since === undefined || version === undefined) return [];
    if (pinned !== undefined && compareVersions(pinned, version) < 0) return [];
    const remedy = `${takeOut} etcd ${version} has another name for it, or none ("Upgrading etcd clusters and applications").`;
    return [{ component: 'etcd', what: `--${name}`, where: extraArgs, since, remedy }];
  });
}

/** kubeadm's own gates, and those of kube-proxy, whose ConfigMap kubeadm keeps. */
function ofCluster({ cluster }: Facts): Given[] {
  const own = Object.keys(cluster?.kubeadmConfig?.featureGates ?? {}).flatMap((gate): Given[] => {
    const since = sinceOf(removedKubeadmGates, gate);
    const where = 'featureGates in the ConfigMap kube-system/kubeadm-config';
    const what = `the feature gate ${gate}`;
    const remedy =
      'Take it out there: kubectl -n kube-system edit configmap kubeadm-config. What it switched on is the rule by then.';
    return since === undefined ? [] : [{ component: 'kubeadm', what, where, fails: 'upgrade', since, remedy }];
  });
  const where = 'featureGates in the ConfigMap kube-system/kube-proxy';
  const remedy = 'Take it out of config.conf there: kubectl -n kube-system edit configmap kube-proxy.';
  const gates = Object.keys(cluster?.kubeProxyConfig?.featureGates ?? {});
  return [...own, ...gates.flatMap((gate) => gateGiven('kube-proxy', gate, where, remedy))];
}

function ofControlPlane({ cluster }: Facts): Given[] {
  return controlPlane.flatMap((component) =>
    givenBy(component, cluster?.kubeadmConfig?.extra?.[component]?.flags ?? [], extraArgs, takeOut),
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
    if (name === 'feature-gates')
      return words.flatMap((gate) => gateGiven(component, gate.replace(/^kube:/, ''), where, remedy));
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
  const found = Object.entries(table ?? {}).find(([, names]) =>
    names.some((one) => one === name || (one.endsWith('*') && name.startsWith(one.slice(0, -1)))),
  );
  return found && Number(found[0]);
}
