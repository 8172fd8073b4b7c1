import type { CoreDnsFact } from '../../facts/core-dns.ts';
import type { ClusterFacts, Facts } from '../../facts/facts.ts';
import type { KubeProxyFact } from '../../facts/kube-proxy.ts';
import { tagOf, withoutTag } from '../../facts/lib/image.ts';
import { listedTag } from '../../facts/lib/listed-images.ts';
import { compareVersions } from '../../facts/lib/version.ts';
import { CORE_DNS_CHECKS, ignoresCheck, type KubeadmOptions, skips } from './kubeadm-options.ts';
import { isBefore } from './release.ts';

/** What kubeadm brings along beside the control plane, and takes for its own while its ConfigMap is there. */
type Addon = 'kube-proxy' | 'coredns';

interface Rollout {
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
}

/** Which of them the cluster has, with how many pods each lacks; undefined: it was asked for neither. */
export function addonsOf({ cluster }: Facts): Readonly<Record<string, number>> | undefined {
  const { kubeProxy, coreDns } = cluster ?? {};
  if (!kubeProxy && !coreDns) return undefined;
  return {
    ...(kubeProxy?.version === undefined ? {} : { 'kube-proxy': lacking(kubeProxy) }),
    ...(coreDns?.image === undefined ? {} : { coredns: coreDns.rollout ? lacking(coreDns.rollout) : 0 }),
  };
}

function lacking({ desired, available }: Rollout): number {
  return Math.max(0, desired - available);
}

/** What is still to come of their rollouts. A pod that had no place before the run is not waited for. */
export function rolloutsMissing(
  { kubeProxy, coreDns }: ClusterFacts,
  planned: Readonly<Record<string, number>> = {},
): string[] {
  return [
    ...(kubeProxy?.version === undefined ? [] : rollingOut('kube-proxy', kubeProxy, planned['kube-proxy'])),
    ...(coreDns?.rollout ? rollingOut('CoreDNS', coreDns.rollout, planned['coredns']) : []),
  ];
}

/** What they lack although nothing of them is still to come. */
export function stillLacking({ kubeProxy, coreDns }: ClusterFacts): string {
  return [['kube-proxy', kubeProxy] as const, ['CoreDNS', coreDns?.rollout] as const]
    .flatMap(([name, rollout]) =>
      rollout && lacking(rollout) > 0
        ? [`; ${name} has ${rollout.available} of ${rollout.desired} pods available, no fewer than when planned`]
        : [],
    )
    .join('');
}

function rollingOut(name: string, rollout: Rollout, lackedBefore = 0): string[] {
  const { desired, updated, available } = rollout;
  return updated >= desired && lacking(rollout) <= lackedBefore
    ? []
    : [`${name} is still rolling out: ${updated} updated and ${available} available of ${desired}`];
}

/**
 * Does the `kubeadm upgrade` that takes one control plane to the target owe the addons? From 1.28 on the one of the
 * last control plane does, before that the `apply` of the first (1.28 release notes).
 */
export function addonsAreDue({ apiServers }: ClusterFacts, target: string, isApply: boolean): boolean {
  if (isBefore(target, 28)) return isApply;
  return apiServers?.every((server) => server.version === target) ?? false;
}

/** What the addons that kubeadm keeps in this cluster lack to be at the target, in one line each. */
export function addonsMissing(facts: Facts, target: string, options: KubeadmOptions = {}): string[] {
  const { kubeProxy, coreDns } = facts.cluster ?? {};
  return [
    ...(kubeProxy && moves('kube-proxy', options) ? proxyMissing(kubeProxy, target) : []),
    ...(coreDns && moves('coredns', options) ? coreDnsMissing(coreDns, facts, target) : []),
  ];
}

function proxyMissing({ version, unmanaged }: KubeProxyFact, target: string): string[] {
  if (version === undefined || unmanaged || version === target) return [];
  return [`kube-proxy is at ${version}, not ${target}`];
}

function coreDnsMissing(fact: CoreDnsFact, facts: Facts, target: string): string[] {
  const wanted = dueCoreDns(fact, facts, target);
  return wanted === undefined ? [] : [`CoreDNS is at ${tagOf(fact.image ?? '')}, not ${wanted}`];
}

/**
 * The newer CoreDNS that kubeadm brings. Undefined: none, kubeadm does not take this one for its own, or a prefetch has
 * not asked. A table that is wrong by a patch would fail a step that succeeded; kube-proxy, which kubeadm writes later,
 * shows that it came so far.
 */
function dueCoreDns({ image, corefile }: CoreDnsFact, facts: Facts, target: string): string | undefined {
  const now = tagOf(image ?? '');
  if (corefile === undefined || !/^\d+\.\d+\.\d+/.test(now)) return undefined;
  const brought = facts.cluster?.kubeadmConfig?.dns === undefined ? listedTag(facts, target, 'coredns') : undefined;
  return brought !== undefined && compareVersions(now, brought) < 0 ? brought : undefined;
}

/** kubeadm applies it, by these options. */
function moves(addon: Addon, options: KubeadmOptions): boolean {
  return !skips(options, 'addon', addon) && !(addon === 'coredns' && keepsCoreDns(options));
}

/** Where the Corefile cannot be migrated and that check is ignored, kubeadm leaves the Deployment alone (dns.go). */
function keepsCoreDns(options: KubeadmOptions): boolean {
  return CORE_DNS_CHECKS.some((check) => ignoresCheck(options, check));
}

/** What the cluster had when the run was planned and has no more. */
export function addonsGone(
  { kubeProxy, coreDns }: ClusterFacts,
  planned: Readonly<Record<string, number>> = {},
): Addon[] {
  const gone: Addon[] = [];
  if (kubeProxy && kubeProxy.version === undefined && 'kube-proxy' in planned) gone.push('kube-proxy');
  if (coreDns && coreDns.image === undefined && 'coredns' in planned) gone.push('coredns');
  return gone;
}

/** The addons as kubeadm leaves them at the target. */
export function projectAddons(facts: Facts, target: string, options: KubeadmOptions = {}): ClusterFacts {
  const { cluster = {} } = facts;
  const { kubeProxy, coreDns } = cluster;
  return {
    ...cluster,
    ...(kubeProxy && moves('kube-proxy', options) && { kubeProxy: proxyAt(kubeProxy, target) }),
    ...(coreDns && moves('coredns', options) && { coreDns: coreDnsAt(coreDns, facts, target) }),
  };
}

function proxyAt(proxy: KubeProxyFact, target: string): KubeProxyFact {
  if (proxy.version === undefined || proxy.unmanaged) return proxy;
  return { ...proxy, version: target, updated: proxy.desired, available: proxy.desired };
}

function coreDnsAt(fact: CoreDnsFact, facts: Facts, target: string): CoreDnsFact {
  const wanted = dueCoreDns(fact, facts, target);
  const { image = '', rollout } = fact;
  if (wanted === undefined) return fact;
  const moved = { ...fact, image: `${withoutTag(image)}:v${wanted}` };
  return rollout ? { ...moved, rollout: { ...rollout, updated: rollout.desired, available: rollout.desired } } : moved;
}
