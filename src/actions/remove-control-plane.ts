import { z } from 'zod';
import type { EtcdFact } from '../facts/etcd.ts';
import type { Facts } from '../facts/facts.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { leaveShell, otherControlPlane } from './lib/leave-shell.ts';
import { membersOn, withoutMembers } from './lib/own-member.ts';
import { machineOf, objectNameOf } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';
import { removeNode } from './remove-node.ts';
import { resetNode } from './reset-node.ts';

const schema = z.strictObject({});

/**
 * The member of etcd goes first, as long as its machine can still be asked: one that only disappears counts for the
 * quorum. The Node object goes last, as it proves whose machine this is.
 * Source: "Remove a node from the cluster" of kubeadm; "etcd: runtime reconfiguration".
 */
export const removeControlPlane: Action<z.infer<typeof schema>> = {
  name: 'remove-control-plane',
  summary: 'Take a drained control plane out of the cluster: its member of etcd, kubeadm reset, its Node object',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 900_000,
  usually: 60_000,
  onTimeout: 'leave',
  facts: ['machine', 'kubelet', 'staticPods', 'nodes', 'pods', 'etcd'],
  outcomeFacts: ['kubelet', 'staticPods', 'nodes', 'etcd'],
  guards: ['membership', 'same-machine', 'removal', 'volumes-detached', 'etcd-health', 'api-servers-answer'],
  settle: 60_000,
  membership: 'leaves',
  unsupported: ({ node }) =>
    node.role === 'control-plane'
      ? undefined
      : `${node.name} is no control plane: reset-node and remove-node take a worker out of the cluster`,
  makes: ({ node }) => [otherControlPlane(node)],
  script(context) {
    const name = objectNameOf(context);
    return {
      commands: [
        ...(context.facts.cluster?.etcd?.external ? [] : ['etcdctl member remove ID (through another member)']),
        'kubeadm reset --force',
        `kubectl delete node ${name}`,
      ],
      text: `set -u
export LC_ALL=C
${leaveShell(context, name)}leave && forget_object
`,
    };
  },
  isDone(context) {
    const { cluster } = context.facts;
    const etcd = cluster?.etcd;
    const { staticPods } = machineOf(context);
    const kubelet = resetNode.isDone(context);
    const object = removeNode.isDone(context);
    const pods = Object.keys(staticPods?.components ?? {});
    const left = [
      ...memberLeft(etcd, context),
      ...(pods.length > 0 ? [`it has the static pods ${pods.join(', ')}`] : []),
      ...[kubelet, object].flatMap(({ done, reason }) => (done ? [] : [reason])),
    ];
    return verdictOf(left, `${context.node.name} has no Node object and no member of etcd any more`);
  },
  project(context): Facts {
    const object = objectNameOf(context);
    const gone = removeNode.project(resetNodeFirst(context));
    const without = withNode(gone, context.node.name, (node) => {
      const { etcdHost: _, ...rest } = node;
      return { ...rest, ...(node.staticPods && { staticPods: { components: {} } }) };
    });
    const { cluster } = without;
    if (!cluster) return without;
    const { etcd, apiServers, apiServerEndpoints } = cluster;
    return {
      ...without,
      cluster: {
        ...cluster,
        ...(etcd && { etcd: withoutMembers(etcd, membersOn(context, etcd)) }),
        ...(apiServers && { apiServers: apiServers.filter(({ node }) => node !== object) }),
        ...(apiServerEndpoints && { apiServerEndpoints: apiServerEndpoints.filter(({ node }) => node !== object) }),
      },
    };
  },
};

function resetNodeFirst(context: ActionContext<z.infer<typeof schema>>): typeof context {
  return { ...context, facts: resetNode.project(context) };
}

function memberLeft(etcd: EtcdFact | undefined, context: ActionContext<unknown>): string[] {
  if (!etcd) return ['the members of etcd are not known'];
  if (etcd.external) return [];
  if (etcd.error !== undefined) return [`the members of etcd are not known: ${etcd.error}`];
  return membersOn(context, etcd).map(({ id, name }) => `etcd has its member ${name === '' ? id : name}`);
}
