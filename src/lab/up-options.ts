import { resolve } from 'node:path';
import { parseDuration } from './audit.ts';
import { distributions } from './distribution.ts';
import { usageFailure } from './failure.ts';
import type { LabOptions } from './lab.ts';
import { isManaged } from './managed/lab.ts';
import { problems } from './problems.ts';
import { isRelease, minors } from './releases.ts';
import { containerdReleases, debianContainerd } from './runtime-packages.ts';
import { readDocument } from './twin/document.ts';
import { readTwinFile } from './twin/file.ts';
import { workloadOptions, type WorkloadOption } from './workloads.ts';

/** The options of `lab up`, as they were typed. */
export interface UpOptions {
  readonly dir: string;
  readonly controlPlanes: string;
  readonly workers: string;
  readonly spareControlPlanes: string;
  readonly spareWorkers: string;
  readonly externalEtcd?: string | true;
  readonly etcd?: string;
  readonly kubernetes: string;
  readonly containerd: string;
  readonly latency: string;
  readonly timeScale: string;
  readonly workloads: string;
  readonly problems: string;
  readonly os: string;
  readonly dnfNodes: string;
  readonly zypperNodes: string;
  readonly managed?: string;
  readonly nodeGroups: string;
  readonly from?: string;
}

/** With `--from` what the lab is made of is in the file: these say how it runs. */
const ofTwins = ['--from', '--dir', '--latency', '--time-scale'];

/** Of a twin. `named`: the options that were typed. @throws LabFailure for what does not fit, and for what is no such file */
export async function twinOptions(given: UpOptions & { readonly from: string }, named: readonly string[]) {
  const other = named.find((option) => !ofTwins.includes(option));
  if (other !== undefined) throw usageFailure(`${other} does not go with --from: the file says what the lab is`);
  if (isManaged(given.dir)) throw usageFailure(`${given.dir} already has a managed lab: choose another --dir`);
  const from = resolve(given.from);
  readDocument(await readTwinFile(from), given.from);
  return { from, latency: latencyOf(given), timeScale: scale(given.timeScale) };
}

function latencyOf({ latency: given }: UpOptions): number {
  const latency = parseDuration(given);
  if (latency === undefined) throw usageFailure(`--latency ${given} is not a duration such as 20ms`);
  return latency;
}

/** @throws LabFailure for what does not fit */
export function upOptions(given: UpOptions): LabOptions {
  if (given.nodeGroups !== '') throw usageFailure('--node-groups belongs to --managed eks');
  if (isManaged(given.dir)) throw usageFailure(`${given.dir} already has a managed lab: choose another --dir`);
  const kubernetes = given.kubernetes.replace(/^v/, '');
  if (!isRelease(kubernetes))
    throw usageFailure(`the lab knows no release ${given.kubernetes}`, [
      `It knows ${minors.flatMap((minor) => minor.patches).join(', ')}.`,
    ]);
  if (!distributions.some((name) => name === given.os))
    throw usageFailure(`--os ${given.os} is none of ${distributions.join(', ')}`);
  const latency = latencyOf(given);
  const timeScale = scale(given.timeScale);
  const workloads = given.workloads.split(',').filter(Boolean).map(workloadOption);
  return {
    controlPlanes: count('--control-planes', given.controlPlanes, 1, 7),
    workers: count('--workers', given.workers, 0, 50),
    spareControlPlanes: count('--spare-control-planes', given.spareControlPlanes, 0, 7),
    spareWorkers: count('--spare-workers', given.spareWorkers, 0, 50),
    ...(given.externalEtcd === undefined ? {} : { externalEtcd: etcdCount(given.externalEtcd) }),
    ...(given.etcd === undefined ? {} : { etcd: etcdRelease(given.etcd, given.externalEtcd !== undefined) }),
    kubernetes,
    containerd: containerdRelease(given),
    latency,
    timeScale,
    workloads,
    rocky: nodesOf('--dnf-nodes', given.dnfNodes, given.os === 'rocky'),
    suse: nodesOf('--zypper-nodes', given.zypperNodes, given.os === 'suse'),
    problems: given.problems.split(',').filter(Boolean).map(knownProblem).map(onNode(given)),
  };
}

function containerdRelease({ containerd, os, dnfNodes, zypperNodes }: UpOptions): string {
  if (!containerdReleases.includes(containerd))
    throw usageFailure(`--containerd ${containerd} is none of ${containerdReleases.join(', ')}`);
  if (containerd === debianContainerd && (os !== 'debian' || dnfNodes !== '' || zypperNodes !== ''))
    throw usageFailure(`--containerd ${containerd} is Debian's own: all nodes have to be Debian`);
  return containerd;
}

function etcdRelease(given: string, isExternal: boolean): string {
  if (isExternal) throw usageFailure('--etcd is for a stacked etcd, not with --external-etcd');
  if (!/^3\.\d+\.\d+$/.test(given)) throw usageFailure(`--etcd ${given} is not a release such as 3.4.13`);
  return given;
}

function etcdCount(given: string | true): number {
  return given === true ? 3 : count('--external-etcd', given, 1, 7);
}

function nodesOf(option: string, list: string, all: boolean): string[] {
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const strange = names.find((name) => !/^(cp|worker)-\d+$/.test(name));
  if (strange !== undefined) throw usageFailure(`${option} ${strange} is no node such as cp-1 or worker-2`);
  return all ? ['*'] : names;
}

function workloadOption(name: string): WorkloadOption {
  const found = workloadOptions.find((option) => option === name.trim());
  if (!found) throw usageFailure(`--workloads ${name} is none of ${workloadOptions.join(', ')}`);
  return found;
}

/** @throws LabFailure */
export function knownProblem(text: string): string {
  const name = text.trim().split('@')[0] ?? '';
  if (problems[name]) return text.trim();
  throw usageFailure(`--problems ${text}: there is no such problem`, [
    `There are: ${Object.keys(problems).join(', ')}`,
  ]);
}

/** A problem on a node that the lab will have. */
function onNode({ controlPlanes, workers, externalEtcd }: UpOptions): (problem: string) => string {
  const etcd = externalEtcd === true ? '3' : (externalEtcd ?? '0');
  const counts: Readonly<Record<string, string>> = { cp: controlPlanes, worker: workers, etcd };
  return (problem) => {
    const [, kind, number = ''] = /@(cp|worker|etcd)-([1-9]\d*)$/.exec(problem) ?? [];
    const has = kind === undefined ? !problem.includes('@') : Number(number) <= Number(counts[kind] ?? 0);
    if (has) return problem;
    throw usageFailure(`--problems ${problem}: the lab has no such node`, [
      `It has cp-1 to cp-${controlPlanes}, and ${workers} ${workers === '1' ? 'worker' : 'workers'} called worker-1 and so on.`,
      ...(etcd === '0' ? [] : [`Its etcd is on etcd-1 to etcd-${etcd}.`]),
    ]);
  };
}

/** @throws LabFailure */
export function scale(text: string): number {
  const factor = Number(text);
  if (factor > 0 && factor <= 1000) return factor;
  throw usageFailure(`--time-scale ${text} is not a number above 0 and up to 1000`);
}

/** @throws LabFailure */
export function count(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw usageFailure(`${option} ${text} is not a whole number from ${least} to ${most}`);
  return value;
}
