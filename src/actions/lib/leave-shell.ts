import type { ActionContext, ActionNode } from '../action.ts';
import type { MadeSecret } from './abilities.ts';
import { JOIN_MARK } from '../../facts/kubelet.ts';
import { quote } from '../../transport/quote.ts';
import { machineOf } from './subject.ts';

/** Of the file that reaches the API through another control plane. */
const FILE = 'cluster.conf';

/**
 * The administrator's kubeconfig of another control plane, by that one's own API server: a load balancer may still lead
 * here.
 */
export function otherControlPlane(node: ActionNode): MadeSecret {
  return { name: FILE, what: `access to the API server of another control plane than ${node.name}`, script: ACCESS };
}

const ACCESS = `set -u
export LC_ALL=C
conf=/etc/kubernetes/admin.conf
own=$(sed -n 's/^ *kubeadm.kubernetes.io\\/kube-apiserver.advertise-address.endpoint: *//p' /etc/kubernetes/manifests/kube-apiserver.yaml | head -n 1)
if [ -n "$own" ]; then sed "s|^\\( *server: \\).*|\\1https://$own|" "$conf"; else cat "$conf"; fi
`;

/**
 * POSIX sh that takes this machine out of its cluster, in an order in which each part can be repeated: `leave`, then
 * `forget_object`, as the Node object proves until the end whose machine it is. etcd itself refuses a removal that would
 * cost its quorum (strict-reconfig-check).
 */
export function leaveShell(context: ActionContext<unknown>, name: string): string {
  const { machine } = machineOf(context);
  return `name=${quote(name)} addresses=${quote((machine?.addresses ?? []).join(' '))}
${LEAVE}`;
}

const LEAVE = `api() { kubectl --kubeconfig "$RUNBOOK_SECRETS/${FILE}" --request-timeout=60s "$@"; }
is_stacked() {
  config=$(api -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}') || exit
  if printf '%s\\n' "$config" | grep -q '^ *external: *$'; then return 1; fi
}
ctl() {
  api -n kube-system exec "$pod" -c etcd -- etcdctl --endpoints="https://$loopback:2379" --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key --command-timeout=20s "$@"
}
# a member is removed through another one: its own ends with it
find_etcd() {
  for pod in $(api -n kube-system get pods -l component=etcd -o name); do
    pod=\${pod#pod/}
    [ "$pod" != "etcd-$name" ] || continue
    for loopback in 127.0.0.1 '[::1]'; do
      if ctl endpoint health >/dev/null 2>&1; then return 0; fi
    done
  done
  echo 'no member of etcd on another control plane answers' >&2
  return 1
}
# prints the ids of this machine's members, among them one that never started and has no name
own_members() {
  printf '%s\\n' "$list" | while IFS= read -r line; do
    rest=\${line#*, } id=\${line%%, *}
    rest=\${rest#*, }
    member=\${rest%%, *} peers=\${rest#*, }
    peers=\${peers%%, *} ours=
    for address in $addresses; do
      case ",$peers" in *,*"://$address:"* | *,*"://[$address]:"*) ours=yes ;; esac
    done
    if [ -n "$ours" ]; then
      echo "$id"
    elif [ "$member" = "$name" ]; then
      echo "the member $name of etcd is at $peers, which is no address of this machine" >&2
      echo other
    fi
  done
}
take_member_out() {
  find_etcd || return
  tries=0
  while list=$(ctl member list) && own=$(own_members); do
    case "$own" in *other*) return 1 ;; esac
    [ -n "$own" ] || return 0
    [ "$tries" -lt 5 ] || break
    [ "$tries" = 0 ] || sleep 3
    tries=$((tries + 1))
    for id in $own; do
      echo "etcdctl member remove $id"
      ctl member remove "$id"
    done
  done
  echo 'its member of etcd could not be removed: nothing else of it is' >&2
  return 1
}
# before 1.22 kubeadm lists API servers in its ConfigMap
forget_endpoint() {
  status=$(api -n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterStatus}') || return
  printf '%s\\n' "$status" | grep -qxF "  $name:" || return 0
  status=$(printf '%s\\n' "$status" | awk -v own="  $name:" '/^ ? ?[^ ]/ { ours = ($0 == own) } !ours' | sed 's/\\\\/\\\\\\\\/g; s/"/\\\\"/g' | awk '{ printf "%s\\\\n", $0 }')
  api -n kube-system patch configmap kubeadm-config --type merge -p "{\\"data\\":{\\"ClusterStatus\\":\\"$status\\"}}"
}
leave() {
  if is_stacked; then take_member_out || return; fi
  for file in kubelet.conf admin.conf pki/ca.crt manifests/kube-apiserver.yaml; do
    [ -e "/etc/kubernetes/$file" ] || continue
    kubeadm reset --force || return
    break
  done
  forget_endpoint
}
forget_object() {
  api delete node "$name" --ignore-not-found && rm -f ${JOIN_MARK}
}
`;
