import { evaluateTemplate } from '../documents/expressions.ts';
import type { Inventory, Runbook } from '../documents/model.ts';
import { etcdVersionOf, isBeyondFloor, meetsFloor, shippedEtcd } from '../facts/lib/etcd-releases.ts';
import type { Facts } from '../facts/facts.ts';
import { compareVersions, minorNumber, minorText } from '../facts/lib/version.ts';
import { releaseOf } from '../packages/lib/revision.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import { Failure } from '../failure.ts';
import { isKnownBad } from '../guards/known-bad.ts';
import type { PlanHop } from './plan.ts';
import { scopeFor } from './scope.ts';

/** The way of a run through the minors. */
export interface Way {
  /** The oldest API server's release. */
  readonly from: string;
  readonly hops: readonly PlanHop[];
  /** Of `--set via`: those that lie behind the cluster. */
  readonly unused: readonly string[];
}

/** Patches chosen for hops. */
export interface Chosen {
  /** `--set via=...` */
  readonly via?: readonly string[];
  /** Of a saved plan: those no longer of use are ignored. */
  readonly saved?: readonly string[];
}

/** The release that `hops.to` names. @throws Failure (document) if it is none, or `via` cannot lie on the way to it. */
export function hopsTarget(
  runbook: Pick<Runbook, 'hops'>,
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  via: readonly string[] = [],
): string {
  const result = evaluateTemplate(runbook.hops?.to, scopeFor(inventory, inputs, { nodes: {} }));
  if (!result.ok) throw new Failure('document', `hops.to: ${result.error.message}`);
  const to = typeof result.value === 'string' ? result.value.replace(/^v/, '') : '';
  if (!/^\d+\.\d+\.\d+/.test(to)) {
    throw new Failure('document', `hops.to: ${JSON.stringify(result.value)} is not a whole version such as 1.34.1`);
  }
  const minors = via.map((version) => numberOf(version));
  for (const [index, version] of via.entries()) {
    const minor = numberOf(version);
    const twin = via[minors.indexOf(minor)];
    if (minors.indexOf(minor) !== index) {
      throw new Failure('document', `--set via: ${twin ?? ''} and ${version} are both of ${minorText(minor)}`, [
        'Give one patch for each minor in between.',
      ]);
    }
    if (minor >= numberOf(to)) {
      throw new Failure('document', `--set via: ${version} does not lie before ${to}`, [
        'Give patches of the minors in between; the last one is the version itself.',
      ]);
    }
  }
  return to;
}

/**
 * The minors to go through, the target's last. They begin after that of the oldest API server; at it where a kubelet is
 * older, so that a half-done hop is finished first, or where the target is a patch of it.
 * @throws Failure (guard-refused) where no version of the cluster is known.
 */
export function hopMinors(to: string, facts: Facts, chosen: Chosen = {}): number[] {
  const target = numberOf(to);
  const now = numberOf(clusterVersion(facts));
  if (target <= now) return [target];
  const given = [...(chosen.via ?? []), ...(chosen.saved ?? [])].some((version) => numberOf(version) === now);
  const start = !hasGoneOn(facts, now) && (given || isBehind(facts, now)) ? now : now + 1;
  return Array.from({ length: target - start + 1 }, (_, index) => start + index);
}

/** Some control plane has begun to leave the minor: nothing could take it back. */
function hasGoneOn(facts: Facts, now: number): boolean {
  const { apiServers, kubeadm } = versionsOf(facts);
  const controlPlanes = Object.keys(facts.nodes).filter(
    (name) => facts.nodes[name]?.staticPods?.components['kube-apiserver'],
  );
  const ahead = [...Object.values(apiServers), ...controlPlanes.flatMap((name) => kubeadm[name] ?? [])];
  return ahead.some((version) => numberOf(version) > now);
}

function isBehind(facts: Facts, now: number): boolean {
  return Object.values(versionsOf(facts).kubelets).some((version) => numberOf(version) < now);
}

/** @throws Failure (guard-refused) where a hop in between has no patch that can be taken. */
export function findWay(to: string, facts: Facts, chosen: Chosen): Way {
  const minors = hopMinors(to, facts, chosen);
  const from = clusterVersion(facts);
  const unused = passed(chosen.via ?? [], minors, from, to);
  const versions = minors.map((minor) => (minor === numberOf(to) ? to : patchFor(minor, to, facts, chosen)));
  return {
    from,
    unused,
    hops: versions.map((version, index) => ({ version, first: index === 0, last: index === versions.length - 1 })),
  };
}

/**
 * Those of `via` that the cluster is past already. The same command may be given again: it is refused only where a
 * minor is still to come that nothing was chosen for, as then a wrong one was named.
 */
function passed(via: readonly string[], minors: readonly number[], from: string, to: string): string[] {
  const between = minors.slice(0, -1);
  const unused = via.filter((version) => !minors.includes(numberOf(version)));
  if (unused.length === 0 || between.every((minor) => via.some((version) => numberOf(version) === minor)))
    return unused;
  throw new Failure('guard-refused', `--set via: ${unused.join(', ')} does not lie between ${from} and ${to}`, [
    `The minors in between are ${between.map(minorText).join(', ')}.`,
  ]);
}

/**
 * What was chosen; else the patch at which a control plane is, so that a half-done hop ends where it began; else the
 * newest that all nodes are offered, none that is known to do harm here if there is another. Before etcd 3.6 comes to
 * several members: one whose etcd is fit for that, if any.
 */
function patchFor(minor: number, to: string, facts: Facts, { via = [], saved = [] }: Chosen): string {
  const given = via.find((version) => numberOf(version) === minor);
  if (given !== undefined) return mustBeOffered(given, facts);
  const planned = saved.find((version) => numberOf(version) === minor);
  if (planned !== undefined) return planned;
  const begun = begunAt(minor, facts);
  const offered = offeredPatches(minorText(minor), facts);
  const fit = needsFloor(minor, to, facts) ? (version: string) => mayMeetFloor(version) : () => true;
  if (begun !== undefined && fit(begun) && !isKnownBad(begun, facts)) return begun;
  const newer = offered.versions.filter((version) => begun === undefined || compareVersions(version, begun) >= 0);
  const good = newer.filter((version) => !isKnownBad(version, facts));
  const other = begun !== undefined && fit(begun) ? begun : newer.find(fit);
  const best = good.find(fit) ?? other ?? begun ?? good[0] ?? newer[0];
  if (best !== undefined) return best;
  throw new Failure('guard-refused', `no patch of ${minorText(minor)} is offered to all nodes; nothing was changed`, [
    ...offered.errors,
    `Give one by --set via=${minorText(minor)}.N, and see to it that every node's package repository has it.`,
  ]);
}

function mustBeOffered(version: string, facts: Facts): string {
  const { versions, errors } = offeredPatches(minorText(numberOf(version)), facts);
  // Where a repository cannot be read, or is not asked for by any step, other rules say so.
  if (versions.includes(version) || versions.length === 0 || errors.length > 0) return version;
  throw new Failure('guard-refused', `--set via: no package repository offers ${version}; nothing was changed`, [
    `Offered are ${versions.slice(0, 10).join(', ')}.`,
  ]);
}

/** The newest release of a minor at which some API server or, on a control plane, kubeadm is. */
function begunAt(minor: number, facts: Facts): string | undefined {
  const { apiServers, kubeadm, kubelets } = versionsOf(facts);
  const servers = Object.values(apiServers);
  const installed = Object.entries(facts.nodes).flatMap(([name, node]) =>
    node.staticPods?.components['kube-apiserver'] ? (kubeadm[name] ?? []) : [],
  );
  const at = [...servers, ...installed, ...Object.values(kubelets)].filter((version) => numberOf(version) === minor);
  return at.toSorted(compareVersions).at(-1);
}

/** Releases of which every node that could be asked is offered all three packages, newest first. */
function offeredPatches(minor: string, facts: Facts) {
  const errors: string[] = [];
  let versions: string[] | undefined;
  for (const [name, node] of Object.entries(facts.nodes)) {
    const offered = node.offered?.[minor];
    if (!offered) continue;
    if (offered.error !== undefined) {
      errors.push(`${name}: the package repository of ${minor} cannot be read: ${offered.error}`);
      continue;
    }
    const [kubeadm = [], ...others] = ['kubeadm', 'kubelet', 'kubectl'].map((one) =>
      (offered.revisions[one] ?? []).map(releaseOf),
    );
    const whole = kubeadm.filter((version) => others.every((of) => of.includes(version)) && !version.includes('-'));
    versions = versions ? versions.filter((version) => whole.includes(version)) : whole;
  }
  return { versions: [...new Set(versions)].toSorted((a, b) => compareVersions(b, a)), errors };
}

/** The hop after this one brings etcd 3.6 to several members. */
function needsFloor(minor: number, to: string, facts: Facts): boolean {
  const tags = Object.values(facts.nodes).flatMap((node) => node.staticPods?.components['etcd']?.tag ?? []);
  const next = minor + 1 >= numberOf(to) ? to : `${minorText(minor + 1)}.0`;
  const low = tags.some((tag) => !meetsFloor(etcdVersionOf(tag) ?? '0.0.0'));
  return tags.length > 1 && low && isBeyondFloor(shippedEtcd(next)?.atLeast ?? '0.0.0');
}

/** A patch newer than the table may ship an etcd that does: the step to the next minor judges the one it really has. */
function mayMeetFloor(version: string): boolean {
  const etcd = shippedEtcd(version);
  return etcd !== undefined && (meetsFloor(etcd.atLeast) || !etcd.certain);
}

function clusterVersion(facts: Facts): string {
  const servers = Object.values(versionsOf(facts).apiServers).toSorted(compareVersions);
  const version = servers[0] ?? facts.cluster?.kubeadmConfig?.kubernetesVersion;
  if (version !== undefined) return version;
  throw new Failure('guard-refused', "the cluster's version is not known, so the way to the target is not either", [
    'Neither an API server nor kubeadm-config reported it. Nothing was changed.',
  ]);
}

function numberOf(version: string): number {
  return minorNumber(version) ?? 0;
}
