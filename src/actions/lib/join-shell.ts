import { quote } from '../../transport/quote.ts';
import type { NodeObject } from '../../facts/nodes.ts';
import type { ActionContext } from '../action.ts';
import type { MadeSecret } from './abilities.ts';
import { machineOf } from './subject.ts';

/** Of the file that a join discovers the cluster by. */
export const DISCOVERY = 'discovery.conf';

/** The API server's address, the cluster's authority, and a new bootstrap token, which ends by itself. */
export function discoveryFile({ run, node }: ActionContext<unknown>): MadeSecret {
  const script = `set -u
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
  return { name: DISCOVERY, what: 'a token to join by', script };
}

/** kubeadm names a node by its host name. */
export function futureName(context: ActionContext<unknown>): string {
  return machineOf(context).machine?.hostname.toLowerCase() ?? context.node.name;
}

/** The Node object of a machine that has just joined. */
export function futureObject(context: ActionContext<unknown>): NodeObject {
  const { machine, binaries } = machineOf(context);
  return {
    name: futureName(context),
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
