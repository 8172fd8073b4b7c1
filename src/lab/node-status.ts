import type { Clock } from './clock.ts';
import type { Cluster } from './cluster.ts';
import type { Machine } from './machine.ts';
import { minorNumber } from './releases.ts';

export interface NodeCondition {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly kubeletVersion: string;
}

/** Times in milliseconds of simulated work, from a kubelet's start or its last word on. */
const registerWork = 1000;
const readyWork = 2000;
const lostWork = 40_000;
const leaseInterval = 10_000;
/** After which a kubelet reports a status in which nothing is new (nodeStatusReportFrequency). */
const reportInterval = 300_000;

/** Whether the API shows a node as Ready: its kubelet's last word, or that it went silent. */
export function nodeCondition(cluster: Cluster, machine: Machine): NodeCondition {
  const { clock } = cluster;
  const { kubelet } = machine;
  const trouble = cluster.nodes.get(machine.name)?.reported?.trouble;
  if (trouble && kubelet.startedAt <= trouble.since)
    return condition(
      trouble.reason === 'NodeStatusUnknown' ? 'Unknown' : 'False',
      trouble.reason,
      trouble.message,
      kubelet.version,
    );
  const silentSince = machine.up ? kubelet.stoppedAt : lastAlive(machine, clock);
  const age = (clock.now() - kubelet.startedAt) * clock.scale;
  if (silentSince !== undefined && (clock.now() - silentSince) * clock.scale >= lostWork)
    return condition('Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.', kubelet.version);
  if (age < registerWork)
    return kubelet.previouslyReady
      ? condition('True', 'KubeletReady', 'kubelet is posting ready status', kubelet.previousVersion)
      : notReady('kubelet has not registered yet', kubelet.previousVersion);
  if (age < readyWork && kubelet.startedAt !== machine.bootedAt)
    return notReady('container runtime status check may not have completed yet', kubelet.version);
  if (machine.services.get('containerd')?.active !== 'active')
    return notReady('container runtime is down', kubelet.version);
  // A kubelet newer than an API server that it may be sent to cannot start pods (kubernetes #127316).
  if (minorNumber(kubelet.version) > cluster.lowestServer())
    return notReady('services have not yet been read at least once, cannot construct envvars', kubelet.version);
  return condition('True', 'KubeletReady', 'kubelet is posting ready status', kubelet.version);
}

function notReady(message: string, kubeletVersion: string): NodeCondition {
  return condition('False', 'KubeletNotReady', message, kubeletVersion);
}

function condition(
  status: NodeCondition['status'],
  reason: string,
  message: string,
  kubeletVersion: string,
): NodeCondition {
  return { status, reason, message, kubeletVersion };
}

/** Until when (milliseconds since the epoch) nothing of that changes by itself. */
export function steadyUntil({ kubelet, up }: Machine, clock: Clock): number {
  const now = clock.now();
  if (!up) return now;
  const { startedAt, stoppedAt = Number.POSITIVE_INFINITY } = kubelet;
  const works = [startedAt + registerWork / clock.scale, startedAt + readyWork / clock.scale];
  const ends = [...works, stoppedAt + lostWork / clock.scale].filter((end) => end > now);
  return Math.min(Number.POSITIVE_INFINITY, ...ends);
}

/** Milliseconds since the epoch of the last renewal of a node's Lease. */
export function leaseRenewedAt(machine: Machine, clock: Clock): number {
  return lastOf(machine, clock, leaseInterval);
}

/** The same of the last report of the node's status. */
export function reportedAt(machine: Machine, clock: Clock): number {
  return lastOf(machine, clock, reportInterval);
}

/** Of what a kubelet does again and again, from its registration on. */
function lastOf(machine: Machine, clock: Clock, every: number): number {
  const { kubelet } = machine;
  const interval = every / clock.scale;
  const first = kubelet.startedAt + registerWork / clock.scale;
  const now = machine.up ? (kubelet.stoppedAt ?? clock.now()) : lastAlive(machine, clock);
  if (now < first) return kubelet.startedAt - 1000 / clock.scale;
  return first + Math.floor((now - first) / interval) * interval;
}

/** Of a kubelet whose machine is down: when it went silent, at the latest now. */
function lastAlive({ kubelet }: Machine, clock: Clock): number {
  return Math.min(kubelet.stoppedAt ?? Number.POSITIVE_INFINITY, clock.now());
}
