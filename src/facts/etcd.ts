import { parseEtcd } from './lib/etcd-answers.ts';
import type { Fact } from './fact.ts';
import { kubectl, kubectlRemedy } from './lib/kubectl.ts';

/** The members of etcd, as one of them lists them. */
export interface EtcdFact {
  /** It is not made of static pods: kubeadm does not touch it. */
  readonly external: boolean;
  /** What was asked: a pod (`etcd-cp1`), `crictl`, or the endpoints of an external one. */
  readonly source?: string;
  /** In hexadecimal. */
  readonly clusterId?: string;
  /** Empty where there is an `error`. */
  readonly members: readonly EtcdMember[];
  /** Why nothing is known. */
  readonly error?: string;
}

export interface EtcdMember {
  /** In hexadecimal, as `etcdctl member remove` takes it. */
  readonly id: string;
  /** Empty while it never started. kubeadm names a member as its Node object. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
  /** It answered `endpoint health`; undefined: that question got no answer. */
  readonly healthy?: boolean;
  /** Why it is not healthy. */
  readonly problem?: string;
  /** `3.5.24`; undefined where it did not answer, as all that follows. */
  readonly version?: string;
  /** Bytes. */
  readonly dbSize?: number;
  readonly dbSizeInUse?: number;
  readonly raftIndex?: number;
  /** The id of the leader that it knows. */
  readonly follows?: string;
  readonly leader: boolean;
  /** `NOSPACE`, `CORRUPT` */
  readonly alarms: readonly string[];
}

/** Seconds for one question: if a member's node is off, etcdctl waits its own limits; a dead kubelet costs minutes. */
const patience = 15;

/** etcdctl's own limits: each member that does not answer costs as much, one after another in `endpoint status`. */
const limits = '--command-timeout=4s --dial-timeout=2s';

const pki = '/etc/kubernetes/pki/etcd';

/**
 * The members of etcd, asked through a live one: the one on this machine, else one whose pod is Ready; an external
 * etcd through the etcdctl of this machine. What could not be read is in its `error`: it never fails.
 * Source: "Operating etcd clusters for Kubernetes"; etcd's image has no shell, so each question is an exec of its own.
 */
export const etcd: Fact<EtcdFact> = {
  command: 'etcdctl member list; endpoint health; endpoint status; alarm list',
  remedy: kubectlRemedy,
  script: ({ kubeconfig }) => script(kubeconfig),
  parse: parseEtcd,
};

function script(kubeconfig: string): string {
  const pods = `{range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}`;
  return `limit() {
  if command -v timeout >/dev/null 2>&1; then timeout ${patience} "$@"; else "$@"; fi
}
in_pod() {
  limit ${kubectl(kubeconfig, '-n kube-system exec', patience)} "$pod" -c etcd -- etcdctl --endpoints="https://$loopback:2379" --cacert=${pki}/ca.crt --cert=${pki}/healthcheck-client.crt --key=${pki}/healthcheck-client.key ${limits} "$@" -w json
}
in_container() {
  limit crictl exec "$container" etcdctl --endpoints="https://$loopback:2379" --cacert=${pki}/ca.crt --cert=${pki}/healthcheck-client.crt --key=${pki}/healthcheck-client.key ${limits} "$@" -w json
}
on_host() {
  limit env ETCDCTL_API=3 etcdctl --endpoints="$endpoints" --cacert="$ca" --cert="$cert" --key="$key" ${limits} "$@" -w json
}
rest() {
  echo '--- health'; "$1" endpoint health --cluster
  echo; echo '--- status'; "$1" endpoint status --cluster
  echo; echo '--- alarms'; "$1" alarm list
  echo
}
pods=$(${kubectl(kubeconfig, `-n kube-system get pods -l component=etcd -o jsonpath='${pods}'`)}) || { echo 'error: the pods of etcd could not be read'; exit 0; }
if [ -n "$pods" ]; then
  manifest=/etc/kubernetes/manifests/etcd.yaml
  own=$(sed -n 's/^ *- --name=//p' "$manifest" 2>/dev/null | head -n 1)
  candidates=$(printf '%s\\n' "$pods" | sed -n "s/^\\(etcd-$own\\) .*/\\1/p"; printf '%s\\n' "$pods" | sed -n "/^etcd-$own /d; s/ True$//p")
  loopback=127.0.0.1
  if grep -q 'https://\\[::1\\]:2379' "$manifest" 2>/dev/null; then loopback='[::1]'; fi
  said=
  for pod in $candidates; do
    if members=$(in_pod member list); then
      echo "source: $pod"; echo '--- members'; printf '%s\\n' "$members"
      rest in_pod
      exit 0
    fi
    said="$said $pod"
  done
  container=$(crictl ps -q --name '^etcd$' --label io.kubernetes.pod.namespace=kube-system --state Running 2>/dev/null | head -n 1)
  if [ -n "$container" ] && members=$(in_container member list); then
    echo 'source: crictl'; echo '--- members'; printf '%s\\n' "$members"
    rest in_container
    exit 0
  fi
  echo "error: none of the pods answered:\${said:- none of them is Ready}"
  exit 0
fi
config=$(${kubectl(kubeconfig, "-n kube-system get configmap kubeadm-config -o 'jsonpath={.data.ClusterConfiguration}'")}) || { echo 'error: no pod of etcd, and no kubeadm-config that says where it is'; exit 0; }
external=$(printf '%s\\n' "$config" | sed -n '/^ *external: *$/,/^[^ ]/p')
[ -n "$external" ] || { echo 'error: no pod of etcd, and no external one in kubeadm-config'; exit 0; }
echo 'external: yes'
field() { printf '%s\\n' "$external" | sed -n "s/^ *$1: *//p" | head -n 1; }
ca=$(field caFile) cert=$(field certFile) key=$(field keyFile)
endpoints=$(printf '%s\\n' "$external" | sed -n 's/^ *- *\\(https\\{0,1\\}:[^ ]*\\) *$/\\1/p' | tr '\\n' , | sed 's/,$//')
echo "source: $endpoints"
command -v etcdctl >/dev/null 2>&1 || { echo 'error: there is no etcdctl on this machine'; exit 0; }
if members=$(on_host member list); then
  echo '--- members'; printf '%s\\n' "$members"
  rest on_host
else
  echo 'error: etcdctl member list got no answer'
fi
true`;
}
