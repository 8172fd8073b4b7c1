import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import type { LeaseFact } from '../facts/leases.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { withNode, withNodeObject } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { reported, staleReady } from './lib/fresh.ts';
import { release } from './lib/release.ts';
import { machineOf, objectNameOf, objectOf, unknownObject } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

/** What the node lifecycle controller puts on a node whose kubelet says that it is not Ready. */
const NOT_READY = 'node.kubernetes.io/not-ready';

const schema = z.strictObject({
  version: release.optional().describe('The release that must run afterwards; else that of the installed kubelet'),
});
type With = z.infer<typeof schema>;

export const restartKubelet: Action<With> = {
  name: 'restart-kubelet',
  summary: 'Restart the kubelet, so that the installed one runs and reports to the cluster',
  schema,
  target: ({ version }) => version,
  place: 'node',
  effect: 'repeatable',
  timeout: 180_000,
  usually: 20_000,
  onTimeout: 'kill',
  facts: ['machine', 'binaries', 'kubelet', 'nodes', 'leases'],
  guards: [
    'membership',
    'same-machine',
    'static-pod-files',
    'skew-kubelet',
    'skew-mixed-api-servers',
    'skew-kubelet-drained',
    'removed-flags',
    'cgroup-v1',
    'container-runtime',
    'swap',
    'old-drop-in',
  ],
  settle: 180_000,
  script() {
    const commands = ['systemctl daemon-reload', 'systemctl restart kubelet'];
    return { commands, text: `set -eu\n${commands.join('\n')}\n` };
  },
  isDone(context) {
    const missing = [...versionMissing(context), ...processMissing(context)];
    return verdictOf(
      missing,
      `the running kubelet is the installed one, ${machineOf(context).binaries?.kubelet ?? ''}`,
    );
  },
  verify(context, before) {
    const node = objectOf(context);
    const missing = [
      ...versionMissing(context),
      ...processMissing(context),
      ...(machineOf(context).kubelet?.healthy === false ? ['its /healthz does not answer ok'] : []),
      ...(node ? readyMissing(context, node) : []),
      ...leaseMissing(context, before),
    ];
    const still = node?.ready === false ? `; pods are kept away until it is Ready (${node.readyReason})` : '';
    return verdictOf(
      missing,
      `the kubelet runs ${node?.kubeletVersion ?? ''}, is healthy and renews its lease${still}`,
    );
  },
  project(context): Facts {
    const facts = withNode(context.facts, context.node.name, (node) => {
      const startedAt = Math.max(node.kubelet?.startedAt ?? 0, node.kubelet?.binaryChangedAt ?? 0);
      return { ...node, kubelet: { ...node.kubelet, active: true, healthy: true, startedAt } };
    });
    const version = machineOf(context).binaries?.kubelet ?? context.with.version;
    if (version === undefined) return facts;
    return withNodeObject(facts, objectNameOf(context), (node) => ({
      ...reported(node),
      kubeletVersion: version,
      kubeProxyVersion: node.kubeProxyVersion === '' ? '' : version,
    }));
  },
};

function versionMissing(context: ActionContext<With>): string[] {
  const node = objectOf(context);
  if (!node) return [unknownObject(context)];
  const installed = machineOf(context).binaries?.kubelet;
  if (installed === undefined) return ['no kubelet is installed'];
  const wanted = context.with.version ?? installed;
  if (installed !== wanted) return [`the installed kubelet is ${installed}, not ${wanted}: it must be installed first`];
  return node.kubeletVersion === wanted ? [] : [`the running kubelet is ${node.kubeletVersion}, not ${wanted}`];
}

/** A binary that was replaced by one of the same release counts too: what runs must be what is installed. */
function processMissing(context: ActionContext<With>): string[] {
  const kubelet = machineOf(context).kubelet;
  if (!kubelet) return ['the state of the kubelet is not known'];
  if (!kubelet.active) return ['the kubelet is not active'];
  const { startedAt, binaryChangedAt } = kubelet;
  const stale = startedAt !== undefined && binaryChangedAt !== undefined && startedAt < binaryChangedAt;
  return stale ? ['the kubelet was started before its binary changed'] : [];
}

/**
 * A kubelet reports not Ready for some seconds after its start, older ones for 10 s (nodeStatusUpdateFrequency). From
 * then on a taint of Kubernetes ("Taint Nodes by Condition",
 * https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/) keeps pods away, and lets them in
 * as soon as it is Ready: our cordon is no longer needed for that.
 */
function readyMissing(context: ActionContext<With>, node: NodeObject): string[] {
  const guarded = node.taints.some((taint) => taint.key === NOT_READY && taint.effect === 'NoSchedule');
  if (guarded) return [];
  return node.ready ? staleReady(context, node) : [`${node.name} is not Ready (${node.readyReason})`];
}

/** A dead kubelet shows Ready for about 50 s: only a lease renewed by the new process proves that it lives. */
function leaseMissing(context: ActionContext<With>, before: Facts): string[] {
  const name = objectNameOf(context);
  const of = (leases: readonly LeaseFact[] | undefined) => leases?.find((lease) => lease.node === name)?.renewTime;
  const [now, then] = [of(context.facts.cluster?.leases), of(before.cluster?.leases)];
  if (now === undefined) return [`the lease of ${name} could not be read`];
  // Both times are by the node's own clock.
  const startedAt = machineOf(context).kubelet?.startedAt;
  const renewed = now !== then && (startedAt === undefined || Date.parse(now) / 1000 >= startedAt);
  return renewed ? [] : [`the lease of ${name} was not renewed since the restart`];
}
