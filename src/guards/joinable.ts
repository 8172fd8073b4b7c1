import { isStepOf } from '../actions/bound-step.ts';
import { joinControlPlane } from '../actions/join-control-plane.ts';
import { joinNode } from '../actions/join-node.ts';
import { hostOf } from '../actions/lib/own-member.ts';
import type { Facts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { minorOf } from '../facts/lib/version.ts';
import type { Guard } from './guard.ts';

export const joinable: Guard = {
  id: 'joinable',
  title: 'A machine that is to join has what a node needs, and belongs to no cluster',
  source:
    '"Creating a cluster with kubeadm": version skew, kubeadm against kubeadm and against the kubelet; kubeadm join preflight',
  facts: ['nodes', 'machine', 'kubelet', 'binaries', 'kernel', 'kubeadmConfig', 'etcd'],
  scope: 'step',
  ofSteps: true,
  binding: 'kubeadm join would fail half-way, or take the machine from another cluster',
  check: ({ step, before }) => {
    const isPlane = isStepOf(step, joinControlPlane);
    if (!step || !(isPlane || isStepOf(step, joinNode))) return [];
    const { name } = step.node;
    if (nodeObjectFor(before, name) && !isPlane) return [];
    return [...wrongWith(before, name, isPlane)].map(([summary, remedy]) => ({
      guard: joinable.id,
      severity: 'refuse',
      node: name,
      summary: `${name} cannot join: ${summary}`,
      remedy,
      source: joinable.source,
    }));
  },
};

function* wrongWith(
  facts: Facts,
  name: string,
  isPlane: boolean,
): Generator<readonly [summary: string, remedy: string]> {
  const { kubelet, binaries, kernel } = facts.nodes[name] ?? {};
  const config = facts.cluster?.kubeadmConfig;
  // What an interrupted join of a control plane left is removed by the next one.
  if (kubelet?.server !== undefined && !(isPlane && kubelet.joining)) {
    yield [
      `it is part of a cluster already: its kubelet.conf names ${kubelet.server}`,
      'Take it out of that cluster first, and run `kubeadm reset` on it.',
    ];
  }
  if (isPlane && config && config.controlPlaneEndpoint === undefined) {
    yield [
      'the cluster has no controlPlaneEndpoint, so that kubeadm refuses a second control plane',
      'Set one in the ConfigMap kubeadm-config that leads to every API server, and renew their certificates for it.',
    ];
  }
  const cluster = config?.kubernetesVersion;
  if (binaries) {
    const missing = (['kubeadm', 'kubelet'] as const).filter((program) => binaries[program] === undefined);
    if (missing.length > 0) {
      yield [
        `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not installed`,
        `Install ${missing.join(' and ')}${cluster === undefined ? '' : ` ${cluster}`} there, and hold them.`,
      ];
    }
    if (cluster !== undefined && binaries.kubeadm !== undefined && minorOf(binaries.kubeadm) !== minorOf(cluster)) {
      yield [
        `its kubeadm is ${binaries.kubeadm}, the cluster is at ${cluster}`,
        `Install kubeadm ${cluster} there: it must be of the minor that the cluster was upgraded with last.`,
      ];
    } else if (isPlane && cluster !== undefined && binaries.kubeadm !== undefined && binaries.kubeadm !== cluster) {
      yield [
        `its kubeadm is ${binaries.kubeadm}, the cluster is at ${cluster}: a control plane gets the etcd that its kubeadm brings`,
        `Install kubeadm ${cluster} there.`,
      ];
    }
  }
  if (kernel?.sockets.length === 0) {
    yield [
      'no container runtime has a socket there',
      'Install and start one (containerd, CRI-O) as on the other nodes.',
    ];
  }
  if (isPlane && kubelet?.joining !== true) yield* memberInTheWay(facts, name);
}

/** A member that a machine of this name or address had before, and that no one took out. */
function* memberInTheWay(facts: Facts, name: string): Generator<readonly [summary: string, remedy: string]> {
  const { machine } = facts.nodes[name] ?? {};
  const { etcd } = facts.cluster ?? {};
  if (!machine || etcd?.external !== false) return;
  const hostname = machine.hostname.toLowerCase();
  const own = etcd.members.find(
    (member) => member.name === hostname || member.peerUrls.some((url) => machine.addresses.includes(hostOf(url))),
  );
  if (!own) return;
  yield [
    `etcd still has a member ${own.name === '' ? own.id : own.name} at ${own.peerUrls.join(', ')}`,
    `If the machine that it was on is gone: etcdctl member remove ${own.id}. Else give this one another name and address.`,
  ];
}
