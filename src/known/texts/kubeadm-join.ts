import type { KnownText } from '../text.ts';

/** What `kubeadm join` and `init` print beside the preflight checks. */
export const kubeadmJoin: readonly KnownText[] = [
  {
    id: 'kubeadm-token',
    patterns: [
      /could not find a JWS signature in the cluster-info ConfigMap for token ID/,
      /there is no JWS signed token in the cluster-info ConfigMap/,
      /token id "?[a-z0-9]{6}"? is invalid for this cluster/i,
    ],
    meaning: 'The bootstrap token of the join has expired or is not of this cluster',
    cause: 'A token lives for 24 hours unless made with another `--ttl`.',
    remedy: 'Make a new one on a control plane: `kubeadm token create --print-join-command`, then join again.',
    source: 'https://github.com/kubernetes/kubeadm/issues/668',
    examples: [
      `error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID "abcdef"`,
      `[discovery] Failed to connect to API Server "10.0.0.1:6443": there is no JWS signed token in the cluster-info ConfigMap. This token id "aec65f" is invalid for this cluster, can't connect`,
    ],
  },
  {
    id: 'kubeadm-ca-hash',
    patterns: [/cluster CA found in cluster-info ConfigMap is invalid/, /none of the public keys "[^"]*" are pinned/],
    meaning: "The cluster's CA is not the one that the join command pins",
    cause: '`--discovery-token-ca-cert-hash` is of another cluster, or the CA was replaced.',
    remedy:
      'Check that the address is that of your cluster, then take a fresh command: `kubeadm token create --print-join-command`.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/discovery/token/token.go',
    examples: [
      `error execution phase preflight: couldn't validate the identity of the API Server: cluster CA found in cluster-info ConfigMap is invalid: none of the public keys "sha256:6f2a" are pinned`,
    ],
  },
  {
    id: 'kubeadm-discovery',
    breadth: 'broad',
    patterns: [/couldn't validate the identity of the API Server/, /failed to request the cluster-info ConfigMap/],
    meaning: 'The joining node could not ask the API server who it is',
    cause: 'The control plane endpoint does not answer from here: a firewall, a load balancer, a stopped API server.',
    remedy:
      '`curl -k https://ENDPOINT:6443/version` from this node. Open the port, check the load balancer and the address in the join command.',
    source: 'https://github.com/kubernetes/kubeadm/issues/2740',
    examples: [
      `error execution phase preflight: couldn't validate the identity of the API Server: Get "https://172.31.20.26:6443/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
    ],
  },
  {
    id: 'kubeadm-certs-secret',
    patterns: [/Secret "kubeadm-certs" was not found in the "kube-system" Namespace/, /error downloading certs/],
    meaning: 'The certificates for a new control plane are no longer in the cluster',
    cause: 'The Secret kubeadm-certs is deleted after two hours.',
    remedy:
      '`kubeadm init phase upload-certs --upload-certs` on a control plane prints a new key; join with `--certificate-key KEY`.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/phases/copycerts/copycerts.go',
    examples: [
      `error execution phase control-plane-prepare/download-certs: error downloading certs: error downloading the secret: Secret "kubeadm-certs" was not found in the "kube-system" Namespace. This Secret might have expired. Please, run \`kubeadm init phase upload-certs --upload-certs\` on a control plane to generate a new one`,
    ],
  },
  {
    id: 'kubeadm-node-exists',
    patterns: [/a Node with name "[^"]*" and status "[^"]*" already exists in the cluster/],
    meaning: 'A Node object with this name exists and is Ready',
    cause: 'The machine was joined before, or another machine has the same name.',
    remedy:
      'Another machine: give this one its own host name. The same one: drain it, `kubectl delete node NAME`, `kubeadm reset` on it, then join.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/cmd/phases/join/kubelet.go',
    examples: [
      `error execution phase kubelet-start: a Node with name "node1" and status "Ready" already exists in the cluster. You must delete the existing Node or change the name of this new joining Node`,
    ],
  },
  {
    id: 'kubeadm-kubelet-health',
    breadth: 'broad',
    patterns: [
      /The HTTP call equal to 'curl -sSL http:\/\/\S+:10248\/healthz' (failed with error|returned)/,
      /It seems like the kubelet isn't running or healthy/,
      /the kubelet is not healthy after/i,
    ],
    meaning: 'The kubelet of this node does not run',
    cause: 'It ends at its start: a removed flag, swap, the cgroup driver, a broken config.yaml.',
    remedy:
      '`journalctl -u kubelet -n 50` has the reason in its last lines; `systemctl restart kubelet` after the fix.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/util/apiclient/wait.go',
    examples: [
      `[kubelet-check] The HTTP call equal to 'curl -sSL http://localhost:10248/healthz' failed with error: Get "http://localhost:10248/healthz": dial tcp 127.0.0.1:10248: connect: connection refused.`,
      "[kubelet-check] It seems like the kubelet isn't running or healthy.",
      '[kubelet-check] The kubelet is not healthy after 4m0.000208828s',
    ],
  },
  {
    id: 'kubeadm-bootstrap-timeout',
    breadth: 'broad',
    patterns: [
      /error execution phase kubelet-start: (timed out waiting for the condition|context deadline exceeded)/,
      /error uploading crisocket/,
    ],
    meaning: 'The kubelet did not get its certificate from the cluster in time',
    cause:
      'The TLS bootstrap or the registration of the node did not complete: wrong clock, no connection to the API server, a node name that is refused.',
    remedy:
      '`journalctl -u kubelet`, `kubectl get csr`; compare the clocks (`timedatectl`). `kubeadm reset` before you join again.',
    source: 'https://github.com/kubernetes/kubernetes/issues/90345',
    examples: [
      'error execution phase kubelet-start: timed out waiting for the condition',
      'error execution phase kubelet-start: error uploading crisocket: timed out waiting for the condition',
    ],
  },
];
