import type { Facts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { controlPlanesOf } from '../facts/lib/control-planes.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { Finding, Guard, GuardInput, GuardNode } from './guard.ts';
import { judgedMembers } from './lib/subject.ts';

export const membership: Guard = {
  id: 'membership',
  title: 'Inventory and cluster name the same nodes, in the same roles',
  source: 'Kubernetes version skew policy: rules hold over all nodes, so all must be known',
  facts: ['nodes', 'machine', 'kubelet'],
  scope: 'step',
  binding: 'what is not known to be this node must not be drained or upgraded as it',
  check: (input) => {
    const objects = input.before.cluster?.nodes;
    if (!objects) return [];
    // Before a step only what can stop it: an unknown control plane.
    const judged = input.step ? controlPlanesOf(objects) : objects;
    return [
      ...judgedMembers(input).flatMap((node) => judgeMember(input, node)),
      ...strangers(input, judged).map(stranger),
    ];
  },
};

function judgeMember({ before: facts, step }: GuardInput, node: GuardNode): Finding[] {
  if (!facts.nodes[node.name]?.machine) return [];
  const object = nodeObjectFor(facts, node.name);
  // If an object has its name or address, `same-machine` reports both ids.
  if (!object) {
    const joins = node.joins === true || step?.action.membership === 'joins';
    return joins || claimedObject(facts, node) || hasLeft(facts, node) ? [] : [missing(facts, node)];
  }
  const role = object.controlPlane ? 'control-plane' : 'worker';
  if (role === node.role) return [];
  // An interrupted join of a control plane: its Node object has no role before its end.
  if (role === 'worker' && facts.nodes[node.name]?.kubelet?.joining) return [];
  return [
    {
      guard: membership.id,
      severity: 'refuse',
      node: node.name,
      summary: `${node.name} is a ${node.role} in the inventory, but a ${role} in the cluster (Node object ${object.name})`,
      remedy: `Set \`role: ${role}\` for it in the inventory.`,
      source: membership.source,
    },
  ];
}

/** It is to leave the cluster, and its kubelet belongs to none any more. */
function hasLeft(facts: Facts, node: GuardNode): boolean {
  const kubelet = facts.nodes[node.name]?.kubelet;
  return node.leaves === true && kubelet?.active === false && kubelet.server === undefined;
}

function missing(facts: Facts, node: GuardNode): Finding {
  const machineId = facts.nodes[node.name]?.machine?.machineId ?? '';
  return {
    guard: membership.id,
    severity: 'refuse',
    node: node.name,
    summary: `${node.name} (${node.host}) is no node of this cluster: no Node object has its machine-id ${machineId}`,
    remedy:
      'Take it out of the inventory, give it `role: other`, let it join (replace-workers.yaml, replace-control-planes.yaml), or check that inventory and kubeconfig are of one cluster.',
    source: membership.source,
  };
}

function stranger(object: NodeObject): Finding {
  return {
    guard: membership.id,
    severity: object.controlPlane ? 'refuse' : 'warn',
    summary: `the cluster's ${object.controlPlane ? 'control plane' : 'node'} ${object.name} is not in the inventory`,
    remedy: object.controlPlane
      ? 'Add it to the inventory: every API server counts for the version skew.'
      : 'Add it to the inventory, or see to it yourself: its kubelet must not fall more than three minors behind.',
    source: membership.source,
  };
}

/** A machine whose facts were not read counts as listed by its name or address: nothing is known against it. */
function strangers(input: GuardInput, objects: readonly NodeObject[]): NodeObject[] {
  let left = objects;
  for (const node of input.nodes) {
    if (left.length === 0) break;
    const known = nodeObjectFor(input.before, node.name);
    left = left.filter((object) => (known ? known.name !== object.name : !bears(object, node)));
  }
  return [...left];
}

/** The Node object that an inventory node says it is: by the kubelet's certificate, else by its name or address. */
export function claimedObject(facts: Facts, node: GuardNode): NodeObject | undefined {
  const objects = facts.cluster?.nodes ?? [];
  const nodeName = facts.nodes[node.name]?.kubelet?.nodeName;
  return (
    objects.find((object) => object.name === nodeName) ??
    objects.find((object) => object.name === node.name) ??
    objects.find((object) => bears(object, node))
  );
}

function bears(object: NodeObject, node: GuardNode): boolean {
  return object.name === node.name || object.addresses.some(({ address }) => address === node.host);
}
