import { podsToDrain } from '../facts/lib/drain.ts';
import { isStepOf } from '../actions/bound-step.ts';
import { hostOf, memberOf } from '../actions/lib/own-member.ts';
import { removeControlPlane } from '../actions/remove-control-plane.ts';
import type { EtcdFact } from '../facts/etcd.ts';
import type { Facts } from '../facts/facts.ts';
import { controlPlanesOf } from '../facts/lib/control-planes.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Guard } from './guard.ts';
import { listed } from './lib/subject.ts';

export const removal: Guard = {
  id: 'removal',
  title: 'Only a drained node leaves the cluster, no last control plane, and none that etcd needs',
  source: '"Creating a cluster with kubeadm", Clean up: drain the node, reset it, then delete its Node object',
  facts: ['nodes', 'pods', 'machine', 'kubelet', 'etcd', 'kubeadmConfig'],
  scope: 'step',
  ofSteps: true,
  binding: 'what runs on it would be ended at once, past every PodDisruptionBudget',
  check: ({ step, before }) => {
    const object = step && nodeObjectFor(before, step.node.name);
    if (!object) return [];
    const pods = podsToDrain(before, object.name);
    const left = pods ? [...pods.evictable, ...pods.naked] : [];
    const isPlane = isStepOf(step, removeControlPlane);
    const lacking = isPlane ? needed(before, step.node.name) : [];
    const busy = [
      ...(object.unschedulable ? [] : ['is not cordoned']),
      ...(left.length > 0 ? [`still runs ${listed(left.map((pod) => `${pod.namespace}/${pod.name}`))}`] : []),
    ];
    const wrong = [...(object.controlPlane && !isPlane ? ['is a control plane'] : []), ...lacking, ...busy];
    if (wrong.length === 0) return [];
    return [
      {
        guard: removal.id,
        severity: 'refuse',
        node: step.node.name,
        summary: `${step.node.name} cannot leave the cluster: ${object.name} ${wrong.join(' and ')}`,
        remedy: [
          ...(object.controlPlane && !isPlane
            ? ['Use `remove-control-plane`: it takes its member of etcd out first.']
            : []),
          ...(busy.length > 0 ? ['Put a `drain` step before this one, without a podSelector.'] : []),
          ...(lacking.length > 0 ? [WANTED] : []),
        ].join(' '),
        source: removal.source,
      },
    ];
  },
};

const WANTED =
  'Let another control plane join, bring the other members of etcd back, or let kubelets and kubeconfigs lead elsewhere (a load balancer, a virtual address).';

/** What the cluster lacks without this control plane. */
function needed(facts: Facts, name: string): string[] {
  const object = nodeObjectFor(facts, name);
  const { nodes = [], etcd } = facts.cluster ?? {};
  if (controlPlanesOf(nodes).every((one) => one.name === object?.name)) return ['is the last control plane'];
  return [...ledTo(facts, name), ...voted(facts, name, etcd)];
}

/** A virtual address moves to another machine; one of its Node object is its own. */
function ledTo({ nodes, cluster }: Facts, name: string): string[] {
  const object = cluster?.nodes && nodeObjectFor({ nodes, cluster }, name);
  const own = [object?.name, ...(object?.addresses ?? []).map(({ address }) => address)];
  const isOwn = (endpoint = '') => endpoint !== '' && own.includes(hostOf(endpoint));
  const endpoint = cluster?.kubeadmConfig?.controlPlaneEndpoint;
  const led = Object.keys(nodes).filter((other) => other !== name && isOwn(nodes[other]?.kubelet?.server));
  return [
    ...(isOwn(endpoint) ? [`is where the cluster's controlPlaneEndpoint ${endpoint} leads`] : []),
    ...(led.length > 0 ? [`is the API server of the kubelets of ${listed(led)}`] : []),
  ];
}

function voted(facts: Facts, name: string, etcd: EtcdFact | undefined): string[] {
  if (etcd?.external !== false || etcd.error !== undefined) return [];
  const isOwn = memberOf(facts, name);
  const voters = etcd.members.filter((member) => !member.learner && !isOwn(member));
  const healthy = voters.filter((member) => member.healthy === true).length;
  const least = Math.floor(voters.length / 2) + 1;
  if (healthy >= least) return [];
  return [`is needed by etcd: of its ${voters.length} other members ${healthy} answer, and ${least} must`];
}
