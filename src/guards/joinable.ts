import { stepOf } from '../actions/bound-step.ts';
import { joinNode } from '../actions/join-node.ts';
import type { Facts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { minorOf } from '../facts/lib/version.ts';
import type { Guard } from './guard.ts';

export const joinable: Guard = {
  id: 'joinable',
  title: 'A machine that is to join has what a node needs, and belongs to no cluster',
  source:
    '"Creating a cluster with kubeadm": version skew, kubeadm against kubeadm and against the kubelet; kubeadm join preflight',
  facts: ['nodes', 'machine', 'kubelet', 'binaries', 'kernel', 'kubeadmConfig'],
  scope: 'step',
  ofSteps: true,
  binding: 'kubeadm join would fail half-way, or take the machine from another cluster',
  check: ({ step, before }) => {
    const joins = stepOf(step, joinNode);
    if (!joins || nodeObjectFor(before, joins.node.name)) return [];
    return [...wrongWith(before, joins.node.name)].map(([summary, remedy]) => ({
      guard: joinable.id,
      severity: 'refuse',
      node: joins.node.name,
      summary: `${joins.node.name} cannot join: ${summary}`,
      remedy,
      source: joinable.source,
    }));
  },
};

function* wrongWith(facts: Facts, name: string): Generator<readonly [summary: string, remedy: string]> {
  const { kubelet, binaries, kernel } = facts.nodes[name] ?? {};
  if (kubelet?.server !== undefined) {
    yield [
      `it is part of a cluster already: its kubelet.conf names ${kubelet.server}`,
      'Take it out of that cluster first, and run `kubeadm reset` on it.',
    ];
  }
  const cluster = facts.cluster?.kubeadmConfig?.kubernetesVersion;
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
    }
  }
  if (kernel?.sockets.length === 0) {
    yield [
      'no container runtime has a socket there',
      'Install and start one (containerd, CRI-O) as on the other nodes.',
    ];
  }
}
