import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';
import type { Action, ActionNode } from './action.ts';
import { kubectl } from './lib/kubectl.ts';
import { machineOf, objectNameOf, objectOf } from './lib/subject.ts';

const schema = z.strictObject({});

export const removeNode: Action<z.infer<typeof schema>> = {
  name: 'remove-node',
  summary: 'Delete the Node object of a drained worker (kubectl delete node)',
  schema,
  place: 'kubectl',
  effect: 'repeatable',
  timeout: 120_000,
  usually: 5000,
  onTimeout: 'kill',
  facts: ['machine', 'kubelet', 'nodes', 'pods'],
  guards: ['membership', 'same-machine', 'removal', 'volumes-detached'],
  settle: 30_000,
  membership: 'leaves',
  unsupported: ({ node }) =>
    node.role === 'worker'
      ? undefined
      : `${node.name} is no worker: remove-control-plane takes it out of the cluster, its member of etcd first`,
  script(context) {
    const command = kubectl(context, 'delete', 'node', objectNameOf(context), '--ignore-not-found');
    return { commands: [command], text: `set -u\n${command}\n` };
  },
  isDone(context) {
    const { name } = context.node;
    if (!context.facts.cluster?.nodes || !machineOf(context).machine)
      return { done: false, reason: `the Node object of ${name} is not known` };
    const object = objectOf(context) ?? context.facts.cluster.nodes.find((one) => bears(one, context.node));
    if (object) return { done: false, reason: `the Node object ${object.name} is there` };
    return { done: true, reason: `${name} has no Node object any more` };
  },
  project(context): Facts {
    const { cluster } = context.facts;
    const object = objectOf(context)?.name;
    if (!cluster || object === undefined) return context.facts;
    return {
      ...context.facts,
      cluster: {
        ...cluster,
        ...(cluster.nodes && { nodes: cluster.nodes.filter((node) => node.name !== object) }),
        ...(cluster.pods && { pods: cluster.pods.filter((pod) => pod.node !== object) }),
        ...(cluster.leases && { leases: cluster.leases.filter((lease) => lease.node !== object) }),
      },
    };
  },
};

/** It may be another machine's: then it is not gone, and `same-machine` refuses. */
function bears(object: NodeObject, node: ActionNode): boolean {
  return object.name === node.name || object.addresses.some(({ address }) => address === node.host);
}
