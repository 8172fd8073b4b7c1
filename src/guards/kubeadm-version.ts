import { type BoundStep, isStepOf, stepOf } from '../actions/bound-step.ts';
import { installPackages } from '../actions/install-packages.ts';
import { kubeadmUpgradeApply } from '../actions/kubeadm-upgrade-apply.ts';
import { kubeadmUpgradeNode } from '../actions/kubeadm-upgrade-node.ts';
import { kubeadmUpgradePlan } from '../actions/kubeadm-upgrade-plan.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { compareVersions, minorNumber, minorText } from '../facts/lib/version.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import type { Finding, Guard, GuardInput } from './guard.ts';
import { listed, peopleName, targetOf } from './lib/subject.ts';

export const kubeadmVersion: Guard = {
  id: 'kubeadm-version',
  title: 'kubeadm fits the release it goes to, the cluster and the kubelets',
  source: 'Kubernetes version skew policy and "Version skew policy for kubeadm"',
  facts: ['binaries', 'nodes', 'apiServers', 'kubeadmConfig'],
  scope: 'step',
  ofSteps: true,
  binding: 'kubeadm itself would refuse it',
  check: (input) => (input.step ? judge(input, input.step) : []),
};

const kubeletPolicy = 'kubeadm upgrade policy: kubelets';

function judge(input: GuardInput, step: BoundStep): Finding[] {
  const target = targetOf(step);
  if (isStepOf(step, kubeadmUpgradeNode)) {
    return [
      ...(target === undefined ? [] : otherThanTarget(input, step, target)),
      ...otherThanCluster(input, step),
      ...ownKubelet(input, step),
    ];
  }
  if (target === undefined) return [];
  if (stepOf(step, installPackages)?.with.packages.includes('kubeadm')) return tooNewForCluster(input, step, target);
  if (!isStepOf(step, kubeadmUpgradePlan, kubeadmUpgradeApply)) return [];
  return [
    ...tooNewForCluster(input, step, target),
    ...otherThanTarget(input, step, target),
    ...kubeletsTooOld(input, target),
  ];
}

function tooNewForCluster(input: GuardInput, step: BoundStep, target: string): Finding[] {
  const cluster = versionsOf(input.before).clusterVersion;
  const from = cluster === undefined ? undefined : minorNumber(cluster);
  const to = minorNumber(target);
  if (cluster === undefined || from === undefined || to === undefined || to - from <= 1) return [];
  return [
    finding(
      step,
      `kubeadm ${target} cannot upgrade a cluster at ${cluster}: it takes one that is at most one minor older`,
      `Go to ${minorText(from + 1)} first, then on from there towards ${target}.`,
    ),
  ];
}

/** kubeadm refuses a target of another minor than its own, and (without --force, which is never used) a newer patch. */
function otherThanTarget(input: GuardInput, step: BoundStep, target: string): Finding[] {
  const kubeadm = input.before.nodes[step.node.name]?.binaries?.kubeadm;
  if (kubeadm === undefined) return [];
  const sameMinor = minorNumber(kubeadm) === minorNumber(target);
  if (sameMinor && compareVersions(kubeadm, target) >= 0) return [];
  return [
    finding(
      step,
      `kubeadm on ${step.node.name} is ${kubeadm}, which does not upgrade to ${target}`,
      `Install kubeadm ${target} on ${step.node.name} first (a step that uses: install-packages).`,
    ),
  ];
}

/** `upgrade node` takes the release that `upgrade apply` recorded in kubeadm-config. */
function otherThanCluster(input: GuardInput, step: BoundStep): Finding[] {
  const kubeadm = input.before.nodes[step.node.name]?.binaries?.kubeadm;
  const cluster = input.before.cluster?.kubeadmConfig?.kubernetesVersion;
  if (kubeadm === undefined || cluster === undefined || minorNumber(kubeadm) === minorNumber(cluster)) return [];
  const older = compareVersions(kubeadm, cluster) < 0;
  return [
    finding(
      step,
      `kubeadm on ${step.node.name} is ${kubeadm}, but kubeadm-config is at ${cluster}`,
      older
        ? `Install kubeadm ${cluster} on ${step.node.name} first (a step that uses: install-packages).`
        : 'Run kubeadm upgrade apply on the first control plane first.',
    ),
  ];
}

function kubeletsTooOld(input: GuardInput, target: string): Finding[] {
  const to = minorNumber(target);
  if (to === undefined) return [];
  const allowed = to < 29 ? 1 : 3;
  const old = Object.entries(versionsOf(input.before).kubelets).filter(([, version]) => {
    const minor = minorNumber(version);
    return minor !== undefined && to - minor > allowed;
  });
  if (old.length === 0) return [];
  const names = old.map(([node, version]) => `${peopleName(input.before, node)} (${version})`);
  return [
    {
      guard: kubeadmVersion.id,
      severity: 'refuse',
      summary: `kubeadm refuses ${target} while kubelets are more than ${allowed} ${allowed === 1 ? 'minor' : 'minors'} behind it: ${listed(names)}`,
      remedy: `Upgrade these kubelets to ${minorText(to - allowed)} or newer first.`,
      source: kubeletPolicy,
    },
  ];
}

/** By its name, if the machine's facts were not read. */
function objectOf({ before }: GuardInput, name: string): NodeObject | undefined {
  const byName = () => before.cluster?.nodes?.find((object) => object.name === name);
  const object = nodeObjectFor(before, name) ?? byName();
  return object && peopleName(before, object.name) === name ? object : undefined;
}

/** A host's kubelet may be up to three minors older than its kubeadm (one before 1.29), never newer. */
function ownKubelet(input: GuardInput, step: BoundStep): Finding[] {
  const kubeadm = input.before.nodes[step.node.name]?.binaries?.kubeadm;
  const own = objectOf(input, step.node.name)?.kubeletVersion;
  const [newer, older] = [minorNumber(kubeadm ?? ''), minorNumber(own ?? '')];
  if (kubeadm === undefined || own === undefined || newer === undefined || older === undefined) return [];
  const allowed = newer < 29 ? 1 : 3;
  if (older <= newer && newer - older <= allowed) return newer - older > 1 ? unproven(step, own, kubeadm) : [];
  return [
    finding(
      step,
      `the kubelet of ${step.node.name} is ${own}, its kubeadm ${kubeadm}: kubeadm takes kubelets up to ${allowed} ${allowed === 1 ? 'minor' : 'minors'} older, none newer`,
      older > newer
        ? `Install a kubeadm of ${minorText(older)} there.`
        : `Upgrade that kubelet to ${minorText(newer - allowed)} or newer first.`,
    ),
  ];
}

/** kubeadm's own tests go one minor at a time, and what each minor cleans up on a node it alone does. */
function unproven(step: BoundStep, kubelet: string, kubeadm: string): Finding[] {
  if (step.node.role === 'control-plane') return [];
  return [
    {
      guard: kubeadmVersion.id,
      severity: 'note',
      summary: `kubeadm upgrade node takes workers over several minors at once, from ${kubelet} to ${kubeadm}: the skew policy allows it, kubeadm does not support it (kubernetes/kubernetes #135807)`,
      remedy: 'Try it on one worker first (--limit), or let the workers go along with each minor (--set workers=each).',
      source: kubeadmVersion.source,
    },
  ];
}

function finding(step: BoundStep, summary: string, remedy: string): Finding {
  return {
    guard: kubeadmVersion.id,
    severity: 'refuse',
    node: step.node.name,
    summary,
    remedy,
    source: kubeadmVersion.source,
  };
}
