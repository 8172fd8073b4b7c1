import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import { once } from '../facts/lib/once.ts';
import type { LeaseFact } from '../facts/leases.ts';
import { withNode, withNodeObject } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { apiServerMissing, imagesOf, withImage } from './lib/control-plane.ts';
import { reported, staleReports } from './lib/fresh.ts';
import { kubectl } from './lib/kubectl.ts';
import { release } from './lib/release.ts';
import { apiServerOf, machineOf, objectNameOf, objectOf, unknownObject } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

/** A kubelet's lease lasts 40 s (nodeLeaseDurationSeconds); one that lags more behind the others' is of a dead one. */
const LEASE_LAG = 40_000;

const schema = z.strictObject({
  version: release.optional().describe('The release that its kubelet must run; else that of the installed one'),
});
type With = z.infer<typeof schema>;

export const waitNodeReady: Action<With> = {
  name: 'wait-node-ready',
  summary: 'Wait until the node is Ready at the version, with a fresh lease and, on a control plane, its static pods',
  schema,
  target: ({ version }) => version,
  place: 'kubectl',
  effect: 'none',
  timeout: 600_000,
  usually: 30_000,
  onTimeout: 'kill',
  facts: ['machine', 'binaries', 'staticPods', 'kubelet', 'nodes', 'leases', 'pods', 'apiServers'],
  guards: ['membership', 'same-machine'],
  settle: 0,
  waitsFor: (context) => [
    kubectl(context, 'get', 'node', objectNameOf(context)),
    kubectl(context, '-n', 'kube-node-lease', 'get', 'lease', objectNameOf(context)),
  ],
  isDone(context) {
    const missing = [
      ...nodeMissing(context),
      ...leaseMissing(context),
      ...(context.node.role === 'control-plane' ? [...mirrorsMissing(context), ...apiServerMissing(context)] : []),
    ];
    return verdictOf(
      missing,
      `${objectNameOf(context)} is Ready with kubelet ${objectOf(context)?.kubeletVersion ?? ''}`,
    );
  },
  project,
};

function nodeMissing(context: ActionContext<With>): string[] {
  const node = objectOf(context);
  if (!node) return [unknownObject(context)];
  const wanted = wantedVersion(context) ?? node.kubeletVersion;
  return [
    ...staleReports(context, node),
    ...(node.ready ? [] : [`${node.name} is not Ready (${node.readyReason})`]),
    ...(node.kubeletVersion === wanted ? [] : [`its kubelet is ${node.kubeletVersion}, not ${wanted}`]),
  ];
}

/** If the kubelet was not restarted since its binary was replaced, waiting brings no new one: any version counts. */
function wantedVersion(context: ActionContext<With>): string | undefined {
  const { binaries, kubelet } = machineOf(context);
  const { startedAt, binaryChangedAt } = kubelet ?? {};
  const stale = startedAt !== undefined && binaryChangedAt !== undefined && startedAt < binaryChangedAt;
  return context.with.version ?? (stale ? undefined : binaries?.kubelet);
}

/** Compared with the other nodes' leases, never with this machine's clock. */
function leaseMissing(context: ActionContext<With>): string[] {
  const name = objectNameOf(context);
  const leases = context.facts.cluster?.leases ?? none;
  const mine = leases.find((lease) => lease.node === name)?.renewTime;
  if (mine === undefined) return [`${name} has no lease`];
  const lag = Date.parse(newest(leases) ?? '') - Date.parse(mine);
  return lag <= LEASE_LAG ? [] : [`its lease is ${Math.round(lag / 1000)} s behind the other nodes'`];
}

const none: readonly LeaseFact[] = [];

const newest = once((leases: readonly LeaseFact[]): string | undefined => {
  let latest: { readonly renewTime: string; readonly time: number } | undefined;
  for (const { renewTime } of leases) {
    const time = Date.parse(renewTime);
    if (!latest || time > latest.time) latest = { renewTime, time };
  }
  return latest?.renewTime;
});

function mirrorsMissing(context: ActionContext<With>): string[] {
  const object = objectNameOf(context);
  const images = imagesOf(machineOf(context), object);
  if (images.size === 0) return [`no static pods were found on ${context.node.name}`];
  return [...images].flatMap(([name, image]) => {
    const pod = context.facts.cluster?.pods?.find((candidate) => candidate.mirror && candidate.name === name);
    if (!pod) return [`the pod ${name} is missing`];
    if (!pod.ready) return [`the pod ${name} is not ready`];
    return pod.images[0] === image ? [] : [`the pod ${name} does not yet run ${image}`];
  });
}

function project(context: ActionContext<With>): Facts {
  const object = objectNameOf(context);
  const version = wantedVersion(context);
  const facts = withNodeObject(
    withNode(context.facts, context.node.name, (node) =>
      node.kubelet ? { ...node, kubelet: { ...node.kubelet, active: true, healthy: true } } : node,
    ),
    object,
    (node) => ({ ...reported(node), kubeletVersion: version ?? node.kubeletVersion }),
  );
  if (!facts.cluster) return facts;
  const { apiServers, leases, pods } = facts.cluster;
  const latest = leases && newest(leases);
  const answering = apiServerOf(context)?.version ?? facts.cluster.kubeadmConfig?.kubernetesVersion;
  const images = imagesOf(machineOf(context), object);
  return {
    ...facts,
    cluster: {
      ...facts.cluster,
      ...(pods && images.size > 0 && { pods: pods.map((pod) => withImage(pod, images)) }),
      ...(leases &&
        latest !== undefined && {
          leases: leases.map((lease) => (lease.node === object ? { ...lease, renewTime: latest } : lease)),
        }),
      ...(apiServers && {
        apiServers: apiServers.map((server) =>
          server.node === object && answering !== undefined
            ? { node: object, endpoint: server.endpoint, version: answering, ready: true }
            : server,
        ),
      }),
    },
  };
}
