import { z } from 'zod';
import type { Facts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { withNode } from '../facts/lib/with-node.ts';
import type { Action, ActionContext } from './action.ts';
import { quote } from '../transport/quote.ts';
import { machineOf, objectOf } from './lib/subject.ts';

/** Of the file that the join discovers the cluster by. */
const FILE = 'discovery.conf';

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
  unsupported: ({ node }) =>
    node.role === 'worker'
      ? undefined
      : `${node.name} is no worker: a control plane joins by hand (kubeadm join --control-plane), as its member of etcd does with it`,
  makes: (context) => [{ name: FILE, what: 'a token to join by', script: tokenScript(context) }],
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

/** kubeadm names a node by its host name. */
function futureObject(context: ActionContext<unknown>): NodeObject {
  const { machine, binaries } = machineOf(context);
  return {
    name: machine?.hostname.toLowerCase() ?? context.node.name,
    labels: {},
    annotations: {},
    unschedulable: false,
    taints: [],
    ready: true,
    readyReason: 'it has just joined',
    addresses: [],
    machineId: machine?.machineId ?? '',
    systemUuid: machine?.systemUuid ?? '',
    bootId: machine?.bootId ?? '',
    kubeletVersion: binaries?.kubelet ?? '',
    kubeProxyVersion: '',
    controlPlane: false,
  };
}

/** Prints the file. A token that an interrupted attempt left behind ends by itself. */
function tokenScript({ run, node }: ActionContext<unknown>): string {
  return `set -u
export LC_ALL=C
conf=/etc/kubernetes/admin.conf
value() { sed -n "s/^ *$1: *//p" "$conf" | head -n 1; }
server=$(value server)
authority=$(value certificate-authority-data)
if [ -z "$server" ] || [ -z "$authority" ]; then
  echo "$conf names no server with its authority" >&2
  exit 1
fi
token=$(kubeadm token create --ttl 30m --description ${quote(`runbook ${run}: ${node.name} joins`)}) || exit
printf 'apiVersion: v1\\nkind: Config\\ncurrent-context: join\\n'
printf 'clusters:\\n- name: join\\n  cluster:\\n    server: %s\\n    certificate-authority-data: %s\\n' "$server" "$authority"
printf 'contexts:\\n- name: join\\n  context: {cluster: join, user: join}\\n'
printf 'users:\\n- name: join\\n  user: {token: %s}\\n' "$token"
`;
}

/** A join that failed or was cut off before the kubelet had its certificate leaves files that block the next join. */
const JOIN = `set -u
for file in /etc/kubernetes/manifests/kube-apiserver.yaml /etc/kubernetes/kubelet.conf; do
  if [ -e "$file" ]; then
    echo "$file is there: this machine is part of a cluster already" >&2
    exit 1
  fi
done
mark=/etc/kubernetes/.runbook-joins
if [ -e "$mark" ]; then
  echo 'an earlier join was interrupted here: its files are removed first'
  kubeadm reset --force || exit 1
fi
mkdir -p "\${mark%/*}" && : > "$mark" || exit 1
kubeadm join --discovery-file "$RUNBOOK_SECRETS/${FILE}" || exit
# it holds the token, where kubeadm did not come to take it away
rm -f "$mark" /etc/kubernetes/bootstrap-kubelet.conf
`;
