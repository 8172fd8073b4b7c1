import { parseDuration } from '../audit.ts';
import { type Clock, work } from '../clock.ts';
import type { Pod } from '../pods.ts';
import type { Machine } from '../machine.ts';
import { minorNumber } from '../releases.ts';
import type { ToolContext } from '../shell/shell.ts';
import { apiServerFor, KubectlError } from './client.ts';
import { flag, isSet, type KubectlCall } from './flags.ts';
import { matchesSelector } from './get.ts';

const retryWork = 5000;
const pollWork = 200;

/** `cordon` and `uncordon`. */
export async function setSchedulable(context: ToolContext, call: KubectlCall, unschedulable: boolean): Promise<number> {
  await apiServerFor(context, call);
  const dry = isSet(call, 'dry-run') && flag(call, 'dry-run') !== 'none';
  for (const name of nodeNames(context, call)) {
    const node = context.world.cluster.nodes.get(name);
    if (!node) throw new KubectlError(`Error from server (NotFound): nodes "${name}" not found`);
    const word = unschedulable ? 'cordoned' : 'uncordoned';
    const already = node.unschedulable === unschedulable;
    if (!dry) context.world.cluster.changeNode(node, { unschedulable });
    context.out(
      `node/${name} ${already ? 'already ' : ''}${word}${dry ? ` (${flag(call, 'dry-run') === 'client' ? 'dry run' : 'server dry run'})` : ''}\n`,
    );
  }
  context.world.cluster.tick();
  return 0;
}

function nodeNames(context: ToolContext, call: KubectlCall): string[] {
  const selector = flag(call, 'selector');
  if (selector === undefined) return call.words.slice(1).map((word) => word.replace(/^(nodes?|no)\//, ''));
  return [...context.world.cluster.nodes.values()]
    .filter((node) => matchesSelector(selector, node.labels))
    .map((node) => node.name);
}

/** kubectl's own filters and messages (k8s.io/kubectl/pkg/drain); 429 is retried every 5 s until --timeout. */
export async function drain(context: ToolContext, call: KubectlCall): Promise<number> {
  await setSchedulable(context, call, true);
  const limit = parseDuration(flag(call, 'timeout') ?? '0s') ?? 0;
  for (const name of nodeNames(context, call)) await drainNode(context, call, name, limit);
  return 0;
}

async function drainNode(context: ToolContext, call: KubectlCall, name: string, limit: number): Promise<void> {
  const { cluster } = context.world;
  const pods = cluster.pods.all.filter(
    (pod) =>
      pod.node === name && matchesSelector(flag(call, 'pod-selector'), pod.labels) && !isSkipped(context, call, pod),
  );
  const sorted = sort(context, pods);
  const errors = refusals(call, sorted);
  if (errors.length > 0) throw drainError(context, name, errors);
  const warnings = warningsOf(call, sorted);
  if (warnings.length > 0) context.err(`WARNING: ${warnings.join('; ')}\n`);
  const evicted = pods.filter((pod) => !sorted.daemons.includes(pod));
  if (isSet(call, 'dry-run') && flag(call, 'dry-run') !== 'none') {
    for (const pod of evicted) context.out(`evicting pod ${pod.namespace}/${pod.name} (server dry run)\n`);
    context.out(`node/${name} drained (server dry run)\n`);
    return;
  }
  const started = cluster.clock.now();
  const deadline = limit > 0 ? started + limit / cluster.clock.scale : Number.POSITIVE_INFINITY;
  let failed: string[] = [];
  const results = await Promise.all(evicted.map((pod) => evictPod(context, call, pod, deadline, limit)));
  failed = results.flatMap((result) => result ?? []);
  if (failed.length > 0) {
    const left = evicted.filter((pod) => cluster.pods.has(pod)).map((pod) => `pod/${pod.name}\n`);
    context.err(`There are pending pods in node "${name}" when an error occurred: [${failed.join(', ')}]\n`);
    context.out(left.join(''));
    throw drainError(context, name, failed);
  }
  await work(cluster.clock, 300, context.signal);
  context.out(`node/${name} drained\n`);
}

/** @returns why it could not be evicted within the time limit */
async function evictPod(
  context: ToolContext,
  call: KubectlCall,
  pod: Pod,
  deadline: number,
  limit: number,
): Promise<string | undefined> {
  const { cluster } = context.world;
  const reached = `global timeout reached: ${goDuration(limit)}`;
  const deletes = isSet(call, 'disable-eviction');
  for (;;) {
    await apiServerFor(context, call);
    if (deletes) {
      cluster.deletePod(pod);
      break;
    }
    context.out(`evicting pod ${pod.namespace}/${pod.name}\n`);
    const answer = cluster.evict(pod);
    if (answer === 'accepted') break;
    const what = `error when evicting pods/"${pod.name}" -n "${pod.namespace}"`;
    if (answer === 'several')
      return `${what}: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.`;
    context.err(`${what} (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\n`);
    const left = deadline - cluster.clock.now();
    await cluster.clock.sleep(Math.min(retryWork / cluster.clock.scale, Math.max(0, left)), context.signal);
    if (cluster.clock.now() >= deadline) return `${what}: ${reached}`;
  }
  for (;;) {
    // Until then it is there, whatever else happens.
    if (pod.deletedAt === undefined || pod.deletedAt <= cluster.clock.now()) cluster.tick();
    if (!cluster.pods.has(pod)) break;
    if (isSkipped(context, call, pod)) {
      context.out(`pod ${pod.name} has DeletionTimestamp older than ${flag(call, SKIP) ?? ''} seconds, skipping\n`);
      return undefined;
    }
    if (cluster.clock.now() >= deadline)
      return `error when waiting for pod "${pod.name}" in namespace "${pod.namespace}" to terminate: ${reached}`;
    await work(
      cluster.clock,
      pollWork * pollsBefore(Math.min(pod.deletedAt ?? 0, deadline), cluster.clock),
      context.signal,
    );
  }
  context.out(`pod/${pod.name} ${deletes ? 'deleted' : 'evicted'}\n`);
  return undefined;
}

/** How many looks at a pod until a moment, at least one: none before it shows anything new. */
function pollsBefore(moment: number, clock: Clock): number {
  return Math.max(1, Math.ceil(((moment - clock.now()) * clock.scale) / pollWork));
}

const SKIP = 'skip-wait-for-delete-timeout';

function isSkipped({ world: { clock } }: ToolContext, call: KubectlCall, { deletedAt }: Pod): boolean {
  const seconds = Number(flag(call, SKIP) ?? 0);
  return seconds > 0 && deletedAt !== undefined && (clock.now() - deletedAt) * clock.scale > seconds * 1000;
}

/** `1m30s` as Go prints durations. */
function goDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return `${h > 0 ? `${h}h` : ''}${h > 0 || m > 0 ? `${m}m` : ''}${s}s`;
}

function drainError(context: ToolContext, name: string, errors: readonly string[]): KubectlError {
  context.err(`error: unable to drain node "${name}" due to error: [${errors.join(', ')}], continuing command...\n`);
  return new KubectlError(`There are pending nodes to be drained:\n ${name}\n${errors.join('\n')}`);
}

function names(pods: readonly Pod[]): string {
  return pods.map((pod) => `${pod.namespace}/${pod.name}`).join(', ');
}

interface Sorted {
  readonly daemons: readonly Pod[];
  /** Of a DaemonSet of the group apps that is not found. */
  readonly orphans: readonly Pod[];
  readonly naked: readonly Pod[];
  readonly local: readonly Pod[];
}

/** The owner's API group counts since 1.34 (kubernetes/kubernetes#128779); its DaemonSet is asked for in apps/v1. */
function sort(context: ToolContext, pods: readonly Pod[]): Sorted {
  const { workloads } = context.world.cluster;
  const comparesGroups = minorNumber(releaseOf(context.machine)) >= 34;
  const ofDaemonSet = pods.filter(
    ({ workload }) => workload?.kind === 'DaemonSet' && (workload.group === undefined || !comparesGroups),
  );
  const daemons = ofDaemonSet.filter(
    ({ workload }) => workload && workload.group === undefined && workloads.includes(workload),
  );
  return {
    daemons,
    orphans: ofDaemonSet.filter((pod) => !daemons.includes(pod)),
    naked: pods.filter((pod) => pod.workload === undefined),
    local: pods.filter((pod) => pod.emptyDir && !daemons.includes(pod)),
  };
}

function releaseOf(machine: Machine): string {
  return machine.packages.get('kubectl')?.revision ?? machine.kubelet.version;
}

function notFound({ workload }: Pod): string {
  return `daemonsets.apps "${workload?.name ?? ''}" not found`;
}

function refusals(call: KubectlCall, { daemons, orphans, naked, local }: Sorted): string[] {
  return [
    daemons.length > 0 && !isSet(call, 'ignore-daemonsets')
      ? `cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${names(daemons)}`
      : '',
    ...(isSet(call, 'force') ? [] : orphans.map((pod) => `cannot delete ${notFound(pod)}: ${names([pod])}`)),
    local.length > 0 && !isSet(call, 'delete-emptydir-data')
      ? `cannot delete Pods with local storage (use --delete-emptydir-data to override): ${names(local)}`
      : '',
    naked.length > 0 && !isSet(call, 'force')
      ? `cannot delete cannot delete Pods that declare no controller (use --force to override): ${names(naked)}`
      : '',
  ].filter(Boolean);
}

function warningsOf(call: KubectlCall, { daemons, orphans, naked }: Sorted): string[] {
  return [
    daemons.length > 0 ? `ignoring DaemonSet-managed Pods: ${names(daemons)}` : '',
    ...orphans.map((pod) => `${notFound(pod)}: ${names([pod])}`),
    naked.length > 0 && isSet(call, 'force') ? `deleting Pods that declare no controller: ${names(naked)}` : '',
  ].filter(Boolean);
}
