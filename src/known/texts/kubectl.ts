import type { KnownText } from '../text.ts';

const APIMACHINERY = 'kubernetes/apimachinery: pkg/api/errors/errors.go';

/** What `kubectl`, and the API server through every client, answer. */
export const kubectl: readonly KnownText[] = [
  {
    id: 'api-no-kubeconfig',
    patterns: [
      /no configuration has been provided/,
      /The connection to the server localhost:8080 was refused/,
      /(http:\/\/localhost:8080|dial tcp (127\.0\.0\.1|\[::1\]):8080): .*connection refused/,
    ],
    meaning: 'kubectl has no kubeconfig, and asked localhost:8080',
    cause: 'The login has no ~/.kube/config, and KUBECONFIG is not set: as on a worker, or without root.',
    remedy:
      'Run it on a control plane with `become`, or name the file: `kubectl: { kubeconfig: /etc/kubernetes/admin.conf }` in the inventory, `--kubeconfig FILE`.',
    source: 'seen on Debian 12 with kubectl 1.20 (docs/real-cluster.md)',
    examples: [
      'error: invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
      'The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    ],
  },
  {
    id: 'api-refused',
    breadth: 'plain',
    patterns: [
      /The connection to the server \S+ was refused/,
      /dial tcp \S*:(6443|8443|443): (connect: |getsockopt: )?(connection refused|no route to host)/,
    ],
    meaning: 'The API server does not accept connections',
    cause: 'kube-apiserver is down (restarting, crashed, its etcd is away), or the load balancer has no backend.',
    remedy:
      'On a control plane: `crictl ps -a | grep kube-apiserver`, `crictl logs ID`, `journalctl -u kubelet`. Etcd next: `crictl ps -a | grep etcd`. When `/readyz` answers: `runbook resume`.',
    source: 'https://github.com/kubernetes/kubeadm/issues/2775',
    examples: [
      'The connection to the server 10.0.0.11:6443 was refused - did you specify the right host or port?',
      'Unable to connect to the server: dial tcp 10.0.0.10:6443: connect: connection refused',
      'Get "https://10.0.2.15:6443/api/v1/nodes?timeout=10s": dial tcp 10.0.2.15:6443: connect: connection refused',
    ],
  },
  {
    id: 'api-unauthorized',
    patterns: [
      /Error from server \(Unauthorized\)/,
      /You must be logged in to the server/,
      /error: .{0,300}\(Unauthorized\)$/,
      /^(Error from server \(|error: )?Unauthorized\)?\.?$/,
    ],
    meaning: 'The API server does not accept the credentials of this kubeconfig',
    cause: 'Its client certificate has expired or is of another CA, or its token was deleted.',
    remedy:
      '`kubeadm certs check-expiration`; a copy of admin.conf is not renewed by an upgrade: copy /etc/kubernetes/admin.conf again. Expired: `kubeadm certs renew all`.',
    source: 'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/',
    examples: [
      'Error from server (Unauthorized): Unauthorized',
      'error: You must be logged in to the server (Unauthorized)',
      'error: You must be logged in to the server (the server has asked for the client to provide credentials)',
    ],
  },
  {
    id: 'api-forbidden',
    breadth: 'broad',
    patterns: [/is forbidden: User "[^"]*" cannot \S+ resource/],
    meaning: 'The user of this kubeconfig may not do that',
    cause: 'RBAC lacks a rule. Since 1.29 admin.conf is of the group kubeadm:cluster-admins, whose binding must exist.',
    remedy:
      '`kubectl auth can-i --list` as that user. For kubernetes-admin: `kubeadm init phase kubeconfig super-admin`, and bind `kubeadm:cluster-admins` to cluster-admin with it.',
    source: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
    examples: [
      'Error from server (Forbidden): nodes "w1" is forbidden: User "kubernetes-admin" cannot get resource "nodes" in API group "" at the cluster scope',
    ],
  },
  {
    id: 'api-node-not-found',
    patterns: [/Error from server \(NotFound\): nodes "[^"]*" not found/],
    meaning: 'There is no Node object with this name',
    cause: 'The inventory has another name than the cluster, or the Node object was deleted.',
    remedy: '`kubectl get nodes -o wide` shows names and addresses; correct the name, or join the node again.',
    source: APIMACHINERY,
    examples: ['Error from server (NotFound): nodes "worker-9" not found'],
  },
  {
    id: 'api-not-found',
    breadth: 'general',
    patterns: [/Error from server \(NotFound\): \S+ "[^"]*" not found/],
    meaning: 'The object does not exist',
    cause: 'Its name or namespace is another one, or it was deleted before.',
    remedy: 'List what there is: `kubectl get KIND -A`. Correct the name in the step.',
    source: APIMACHINERY,
    examples: ['Error from server (NotFound): deployments.apps "web" not found'],
  },
  {
    id: 'api-no-kind',
    patterns: [/no matches for kind "[^"]*" in version "[^"]*"/, /the server doesn't have a resource type "[^"]*"/],
    meaning: 'The API server does not serve this kind in this version',
    cause: 'The API version was removed in this release, or its CustomResourceDefinition is not installed.',
    remedy:
      'Compare with the deprecated API migration guide, and `kubectl api-versions`; write the manifest with the newer apiVersion (`kubectl convert`).',
    source: 'https://kubernetes.io/docs/reference/using-api/deprecation-guide/',
    examples: [
      'error: unable to recognize "pdb.yaml": no matches for kind "PodDisruptionBudget" in version "policy/v1beta1"',
      `error: resource mapping not found for name: "web" namespace: "demo" from "web.yaml": no matches for kind "CronJob" in version "batch/v1beta1"`,
      `error: the server doesn't have a resource type "psp"`,
    ],
  },
  {
    id: 'api-too-many-requests',
    breadth: 'plain',
    patterns: [
      /Error from server \(TooManyRequests\)/,
      /the server has received too many requests and has asked us to try again later/,
    ],
    meaning: 'The API server is overloaded and asks to try again later',
    cause: 'Priority and fairness, or etcd that is slow, holds requests back.',
    remedy:
      'Wait a minute, `kubectl get --raw /readyz?verbose`; find the client that asks so much (`apiserver_flowcontrol_rejected_requests_total`), then `runbook resume`.',
    source: APIMACHINERY,
    examples: [
      'Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later (get nodes)',
    ],
  },
  {
    id: 'api-unavailable',
    breadth: 'broad',
    patterns: [
      /the server is currently unable to handle the request/,
      /Error from server \(ServiceUnavailable\)/,
      /unable to retrieve the complete list of server APIs/,
    ],
    meaning: 'The API server, or an aggregated API behind it, cannot answer now',
    cause: 'It is starting, etcd does not answer, or an APIService such as metrics.k8s.io has no pod.',
    remedy:
      '`kubectl get apiservices | grep -v True`, `kubectl get --raw /readyz?verbose`. Repair the service named, or wait, then `runbook resume`.',
    source: APIMACHINERY,
    examples: [
      'Error from server (ServiceUnavailable): the server is currently unable to handle the request (get nodes.metrics.k8s.io)',
      'error: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: the server is currently unable to handle the request',
    ],
  },
  {
    id: 'rollout-deadline',
    patterns: [/deployment "[^"]*" exceeded its progress deadline/],
    meaning: 'A Deployment did not become ready within its progress deadline',
    cause: 'Its new pods do not start: no room, an image that cannot be pulled, a probe that fails.',
    remedy:
      '`kubectl -n NAMESPACE describe deployment NAME` and `kubectl get pods`; repair it, or `kubectl rollout undo`.',
    source: 'kubernetes/kubectl: pkg/polymorphichelpers/rollout_status.go',
    examples: ['error: deployment "coredns" exceeded its progress deadline'],
  },
  {
    id: 'kubectl-wait-timeout',
    breadth: 'broad',
    patterns: [/error: timed out waiting for the condition( on \S+)?/],
    meaning: '`kubectl wait` or `rollout status` gave up waiting',
    cause: 'The condition did not come within `--timeout`.',
    remedy:
      '`kubectl describe` the object that it names: its events and conditions say what is missing. Then `runbook resume`.',
    source: 'kubernetes/kubectl: pkg/cmd/wait/wait.go',
    examples: [
      'error: timed out waiting for the condition on nodes/worker-1',
      'error: timed out waiting for the condition',
    ],
  },
  {
    id: 'kubeconfig-context',
    patterns: [
      /error: context "[^"]*" does not exist/,
      /error loading config file "[^"]*": /,
      /error: stat \S*(kubeconfig|\.conf|\.kube\/config)\S*: no such file/,
    ],
    meaning: 'The kubeconfig or its context cannot be read',
    cause: 'A wrong path or name, or a file that only root may read.',
    remedy:
      '`kubectl config get-contexts --kubeconfig FILE`; name the right file in the inventory, run it with `become`.',
    source: 'kubernetes/client-go: tools/clientcmd/loader.go',
    examples: [
      'error: error loading config file "/etc/kubernetes/admin.conf": open /etc/kubernetes/admin.conf: permission denied',
      'error: context "prod-eu1" does not exist',
    ],
  },
];
