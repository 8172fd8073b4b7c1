import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import { JOIN_MARK } from '../facts/kubelet.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action } from './action.ts';
import { DISCOVERY, discoveryFile, futureObject } from './lib/join-shell.ts';
import { machineOf, objectOf } from './lib/subject.ts';

const schema = z.strictObject({});

/**
 * `kubeadm join` by a file with the API server's address, the cluster's authority and a new bootstrap token for each
 * attempt ("kubeadm join": file discovery with embedded credentials), so that no argument has a token.
 * The file is in memory, and is removed with the attempt.
 */
export const joinNode: Action<z.infer<typeof schema>> = {
  name: 'join-node',
  summary: 'Join a machine to the cluster as a worker (kubeadm join); its token is made for it and shown nowhere',
  schema,
  place: 'node',
  effect: 'once',
  timeout: 600_000,
  usually: 60_000,
  onTimeout: 'kill',
  facts: ['machine', 'binaries', 'kubelet', 'nodes'],
  outcomeFacts: ['kubelet', 'nodes'],
  guards: ['membership', 'same-machine', 'joinable', 'skew-kubelet', 'api-servers-answer'],
  settle: 120_000,
  membership: 'joins',
  unsupported: ({ node }) =>
    node.role === 'worker'
      ? undefined
      : `${node.name} is no worker: join-control-plane joins a control plane, with its member of etcd`,
  makes: (context) => [discoveryFile(context)],
  script: () => ({
    commands: ['kubeadm token create --ttl 30m (on a control plane)', 'kubeadm join --discovery-file FILE (in memory)'],
    text: JOIN,
  }),
  isDone(context) {
    const { name } = context.node;
    const object = objectOf(context);
    if (!object) return { done: false, reason: `${name} is no node of this cluster yet` };
    if (machineOf(context).kubelet?.server === undefined)
      return { done: false, reason: `${name} has the Node object ${object.name}, but no kubelet.conf any more` };
    return { done: true, reason: `${name} is a node of this cluster, ${object.name}` };
  },
  project(context): Facts {
    const { cluster, nodes } = context.facts;
    const object = objectOf(context) ?? futureObject(context);
    const others = Object.values(nodes).flatMap((node) => node.kubelet?.server ?? []);
    const joined = withNode(context.facts, context.node.name, (node) => {
      const server = node.kubelet?.server ?? others[0] ?? '';
      return { ...node, kubelet: { ...node.kubelet, server, active: true, healthy: true, nodeName: object.name } };
    });
    if (!cluster?.nodes || cluster.nodes.includes(object)) return joined;
    return { ...joined, cluster: { ...cluster, nodes: [...cluster.nodes, object] } };
  },
};

/** A join that failed or was cut off before the kubelet had its certificate leaves files that block the next join. */
const JOIN = `set -u
for file in /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/kubelet.conf; do
  if [ -e "$file" ]; then
    echo "$file is there: this machine is part of a cluster already" >&2
    exit 1
  fi
done
mark=${JOIN_MARK}
if [ -e "$mark" ]; then
  echo 'an earlier join was interrupted here: its files are removed first'
  kubeadm reset --force || exit 1
fi
mkdir -p "\${mark%/*}" && : > "$mark" || exit 1
kubeadm join --discovery-file "$RUNBOOK_SECRETS/${DISCOVERY}" || exit
# it holds the token, where kubeadm did not come to take it away
rm -f "$mark" /etc/kubernetes/bootstrap-kubelet.conf
`;
