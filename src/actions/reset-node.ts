import { z } from 'zod';
import { withNode, withNodeObject } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { machineOf, objectNameOf } from './lib/subject.ts';
import { verdictOf } from './lib/verdict.ts';

const schema = z.strictObject({});

/**
 * After the drain and before the Node object is deleted, while it still shows whose machine this is.
 * Source: "Creating a cluster with kubeadm", Clean up.
 */
export const resetNode: Action<z.infer<typeof schema>> = {
  name: 'reset-node',
  summary: 'Undo what kubeadm join made on a drained worker (kubeadm reset)',
  schema,
  place: 'node',
  effect: 'repeatable',
  timeout: 600_000,
  usually: 30_000,
  onTimeout: 'leave',
  facts: ['machine', 'kubelet', 'nodes', 'pods'],
  outcomeFacts: ['kubelet'],
  guards: ['membership', 'same-machine', 'removal', 'volumes-detached'],
  settle: 30_000,
  unsupported: ({ node }) =>
    node.role === 'worker'
      ? undefined
      : `${node.name} is no worker: remove-control-plane takes it out of the cluster, its member of etcd first`,
  script: () => ({ commands: ['kubeadm reset --force'], text: SCRIPT }),
  isDone(context) {
    const { kubelet } = machineOf(context);
    if (!kubelet) return { done: false, reason: `the kubelet of ${context.node.name} is not known` };
    const { server, nodeName, active } = kubelet;
    const left = [
      ...(server === undefined ? [] : [`its kubelet.conf names ${server}`]),
      ...(nodeName === undefined ? [] : [`its kubelet has a certificate of ${nodeName}`]),
      ...(active ? ['its kubelet runs'] : []),
    ];
    return verdictOf(left, `${context.node.name} has nothing of a kubelet's identity any more`);
  },
  project(context) {
    const reset = withNode(context.facts, context.node.name, (node) => ({
      ...node,
      kubelet: { active: false, healthy: false },
    }));
    return withNodeObject(reset, objectNameOf(context), (node) => ({
      ...node,
      ready: false,
      readyReason: 'its kubelet was reset',
    }));
  },
};

/** The inventory may be wrong about roles: the machine itself has the last word. */
const SCRIPT = `set -u
if [ -e /etc/kubernetes/manifests/kube-apiserver.yaml ]; then
  echo 'this is a control plane: it is not reset' >&2
  exit 1
fi
kubeadm reset --force
`;
