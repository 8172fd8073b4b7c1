import type { KnownText } from '../text.ts';

export const kubelet: readonly KnownText[] = [
  {
    id: 'kubelet-unknown-flag',
    patterns: [
      /(failed to parse kubelet flag|kubelet.{0,100}(unknown flag|unknown shorthand flag)): ?/,
      /Error: unknown flag: --(network-plugin|container-runtime|pod-infra-container-image|cni-\S+|cloud-\S+|keep-terminated-pod-volumes|image-pull-progress-deadline|non-masquerade-cidr|experimental-\S+|dynamic-config-dir|feature-gates)\b/,
      /failed to parse kubelet flag/,
      /command failed.*err="unknown flag:/,
    ],
    meaning: 'The kubelet was given a flag that this version does not have',
    cause:
      '--network-plugin went in 1.24, --container-runtime in 1.27, --pod-infra-container-image in 1.35, the cAdvisor flags in 1.37.',
    remedy:
      'Remove it from /var/lib/kubelet/kubeadm-flags.env, /etc/default/kubelet or /etc/sysconfig/kubelet and drop-ins of kubelet.service (`systemctl cat kubelet`); `systemctl daemon-reload; systemctl restart kubelet`.',
    source: 'https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/',
    examples: [
      'E0612 08:01:02.123456    1234 run.go:74] "command failed" err="failed to parse kubelet flag: unknown flag: --network-plugin"',
      'Error: failed to parse kubelet flag: unknown flag: --network-plugin',
      'kubelet[1840248]: E0605 16:33:59.912446 1840248 run.go:74] "command failed" err="failed to parse kubelet flag: unknown flag: --container-runtime"',
    ],
  },
  {
    id: 'kubelet-feature-gate',
    patterns: [/unrecognized feature gate: \S+/, /cannot set feature gate \S+ to \S+, feature is locked to/],
    meaning: 'A feature gate is set that this version does not have, or does not let you change',
    cause: 'Gates are removed some minors after they became stable.',
    remedy:
      'Remove it from `featureGates` in kubelet-config (ConfigMap and /var/lib/kubelet/config.yaml) and from `extraArgs` in kubeadm-config.',
    source: 'kubernetes/component-base: featuregate/feature_gate.go',
    examples: [
      'E0612 08:01:02.123456    1234 run.go:74] "command failed" err="failed to set feature gates from initial flags-based config: unrecognized feature gate: DynamicKubeletConfig"',
      'cannot set feature gate ServerSideApply to false, feature is locked to true',
    ],
  },
  {
    id: 'kubelet-config-file',
    breadth: 'broad',
    patterns: [
      /failed to load kubelet config file/,
      /failed to load Kubelet config file/,
      /open \/var\/lib\/kubelet\/config\.yaml: no such file or directory/,
      /failed to validate kubelet configuration/,
      /kubelet config .*strict decoding error/,
    ],
    meaning: 'The kubelet cannot read its configuration',
    cause:
      'config.yaml is missing (kubeadm has not joined this node yet) or has a field that this version does not know.',
    remedy:
      '`kubeadm upgrade node phase kubelet-config` writes it again; the error names the field. Then `systemctl restart kubelet`.',
    source: 'kubernetes/kubernetes: cmd/kubelet/app/server.go',
    examples: [
      'E0612 08:01:02.123456    1234 run.go:74] "command failed" err="failed to load kubelet config file, path: /var/lib/kubelet/config.yaml, error: failed to load Kubelet config file /var/lib/kubelet/config.yaml, error failed to read kubelet config file \\"/var/lib/kubelet/config.yaml\\", error: open /var/lib/kubelet/config.yaml: no such file or directory"',
    ],
  },
  {
    id: 'kubelet-swap',
    patterns: [/running with swap on is not supported, please disable swap/i],
    meaning: 'Swap is on, and the kubelet does not start',
    cause: 'Swap came back after a reboot: a line in /etc/fstab, or zram.',
    remedy: '`swapoff -a`, take it out of /etc/fstab, `systemctl restart kubelet`. Or allow it: `failSwapOn: false`.',
    source: 'https://github.com/kubernetes/kubernetes/issues/50373',
    examples: [
      'Error: failed to run Kubelet: Running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false. /proc/swaps contained: [Filename Type Size Used Priority /dev/dm-1 partition 4001788 0 -1]',
      'Nov 15 20:10:05 nixos kubelet[1391]: F1115 20:10:05.994998    1391 server.go:262] failed to run Kubelet: Running with swap on is not supported, please disable swap! or set --fail-swap-on flag to false.',
    ],
  },
  {
    id: 'kubelet-cgroup-v1',
    patterns: [/kubelet is configured to not run on a host using cgroup v1/],
    meaning: 'The kubelet refuses cgroup v1',
    cause: 'From 1.35 on `failCgroupV1` is true.',
    remedy:
      'Boot the node with cgroup v2 (`systemd.unified_cgroup_hierarchy=1`, `stat -fc %T /sys/fs/cgroup` says cgroup2fs), or set `failCgroupV1: false` in kubelet-config for now.',
    source: 'kubernetes/kubernetes: pkg/kubelet/kubelet.go',
    examples: [
      'E0612 08:01:02.123456    1234 run.go:72] "command failed" err="failed to validate kubelet configuration, error: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release"',
    ],
  },
  {
    id: 'kubelet-client-cert',
    patterns: [
      /part of the existing bootstrap client certificate in \S+ is expired/,
      /bootstrap-kubelet\.conf: no such file or directory/,
      /failed to run Kubelet: unable to load bootstrap kubeconfig/,
    ],
    meaning: "The kubelet's client certificate has expired and it cannot get a new one",
    cause: 'The node was off, or cut off, for longer than the certificate lives.',
    remedy:
      'On a control plane: `kubeadm kubeconfig user --org system:nodes --client-name system:node:NODE > kubelet.conf`, copy it to /etc/kubernetes/kubelet.conf on the node, delete /var/lib/kubelet/pki/kubelet-client*, restart the kubelet.',
    source:
      'https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/#kubelet-client-cert',
    examples: [
      'E0612 08:01:02.123456    1234 bootstrap.go:265] part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: 2026-02-28 09:00:00 +0000 UTC',
      'failed to run Kubelet: unable to load bootstrap kubeconfig: stat /etc/kubernetes/bootstrap-kubelet.conf: no such file or directory',
    ],
  },
  {
    id: 'kubelet-register',
    breadth: 'broad',
    patterns: [/Unable to register node with API server/, /Attempting to register node.*failed/],
    meaning: 'The kubelet cannot register its node',
    cause: 'The API server does not answer, or refuses the name (its certificate is of another node).',
    remedy:
      'The text behind `err=` says which. `curl -k https://ENDPOINT:6443/healthz` from the node; compare the host name with the CN in /etc/kubernetes/kubelet.conf.',
    source: 'kubernetes/kubernetes: pkg/kubelet/kubelet_node_status.go',
    examples: [
      'E0612 08:01:02.123456    1234 kubelet_node_status.go:96] "Unable to register node with API server" err="nodes \\"worker-2\\" is forbidden: node \\"worker-1\\" is not allowed to modify node \\"worker-2\\"" node="worker-2"',
    ],
  },
  {
    id: 'kubelet-node-not-found',
    breadth: 'broad',
    patterns: [
      /"?Error getting (the current )?node( from lister)?"? err="node "[^"]*" not found/,
      /kubelet.go:\d+\] (node|"Node) "?\S+"? not found/,
    ],
    meaning: 'The kubelet does not find its own Node object',
    cause: 'It could not register yet, or the object was deleted, or the API server is away.',
    remedy:
      'Look further up in `journalctl -u kubelet` for why it cannot register; restart the kubelet, or join again.',
    source: 'kubernetes/kubernetes: pkg/kubelet/kubelet.go',
    examples: [
      'E0612 08:01:02.123456    1234 kubelet.go:2448] "Error getting node" err="node \\"cp-1\\" not found"',
      'E0331 08:45:29.614064   13731 kubelet.go:2267] node "k8s-master" not found',
    ],
  },
  {
    id: 'kubelet-cni',
    patterns: [
      /cni plugin not initialized/,
      /cni config uninitialized/,
      /network plugin is not ready: cni/i,
      /no networks? (config )?found in \/etc\/cni\/net\.d/,
      /failed to find plugin "[^"]*" in path/,
    ],
    meaning: 'The pod network (CNI) is not ready on this node',
    cause:
      "The network plugin's pod does not run, its configuration in /etc/cni/net.d or its binaries in /opt/cni/bin are missing (kubernetes-cni).",
    remedy:
      '`ls /etc/cni/net.d /opt/cni/bin`, `kubectl -n kube-system get pods -o wide` for its DaemonSet; reinstall kubernetes-cni, restart its pod.',
    source: 'https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/',
    examples: [
      'E0612 08:01:02.123456    1234 kubelet.go:2855] "Container runtime network not ready" networkReady="NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"',
      'W0331 08:45:29.625024   13731 cni.go:237] Unable to update cni config: no networks found in /etc/cni/net.d',
      'plugin type="loopback" failed (add): failed to find plugin "loopback" in path [/opt/cni/bin]',
    ],
  },
  {
    id: 'kubelet-services-not-read',
    patterns: [/services have not yet been read at least once, cannot construct envvars/],
    meaning: 'The kubelet cannot read Services from its API server',
    cause: 'The kubelet is newer than the API server that it talks to (1.31 and later, through a load balancer).',
    remedy: 'Upgrade the remaining control planes first (`kubeadm upgrade node`), then restart this kubelet.',
    source: 'https://github.com/kubernetes/kubernetes/issues/127316',
    examples: [
      'E0612 08:01:02.123456    1234 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"web\\" with CreateContainerConfigError: \\"services have not yet been read at least once, cannot construct envvars\\""',
    ],
  },
  {
    id: 'kubelet-healthz',
    breadth: 'plain',
    patterns: [
      /(dial tcp (127\.0\.0\.1|\[::1\]):10248|connect to (127\.0\.0\.1|localhost)( \(127\.0\.0\.1\))? port 10248).*(connection refused|Connection refused|after \d+ ms)/i,
    ],
    meaning: 'The kubelet does not run',
    cause: 'It ends at its start: a removed flag, swap, the cgroup driver, a broken config.yaml.',
    remedy: '`systemctl status kubelet`, `journalctl -u kubelet -n 50`: its last lines have the reason.',
    source: 'https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/troubleshooting-kubeadm/',
    examples: ['curl: (7) Failed to connect to 127.0.0.1 port 10248 after 0 ms: Connection refused'],
  },
  {
    id: 'kubelet-eviction',
    patterns: [
      /(The node was low on resource|node\(s\) had (untolerated )?taint \{?node\.kubernetes\.io\/(disk|memory|pid)-pressure|eviction manager: attempting to reclaim)/,
    ],
    meaning: 'A node runs out of disk, memory or process ids, and evicts pods',
    cause: 'Images and logs fill the disk, or pods use more memory than planned.',
    remedy:
      '`kubectl describe node NODE` (Conditions), `df -h /var/lib`, `crictl rmi --prune`; free it, then `runbook resume`.',
    source: 'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/',
    examples: [
      'The node was low on resource: ephemeral-storage. Threshold quantity: 3219965180, available: 2955772Ki.',
      'W0612 08:01:02.123456    1234 eviction_manager.go:354] "eviction manager: attempting to reclaim" resourceName="ephemeral-storage"',
    ],
  },
  {
    id: 'kubelet-api',
    breadth: 'broad',
    patterns: [/error dialing backend: /, /dial tcp \S+:10250: /],
    meaning: 'The API server cannot connect to the kubelet of a node',
    cause:
      'The kubelet is down, port 10250 is closed between control plane and node, or the address of the node is wrong.',
    remedy: '`systemctl status kubelet` on that node, `nc -vz NODE 10250` from a control plane; open the port.',
    source: 'https://kubernetes.io/docs/reference/networking/ports-and-protocols/',
    examples: ['Error from server: error dialing backend: dial tcp 10.0.0.21:10250: connect: connection refused'],
  },
  {
    id: 'kubelet-serving-cert',
    patterns: [/remote error: tls: internal error/],
    meaning: 'The kubelet of a node has no serving certificate',
    cause: 'With serverTLSBootstrap its certificate request waits for approval.',
    remedy: '`kubectl get csr` (signer kubernetes.io/kubelet-serving), `kubectl certificate approve NAME`.',
    source: 'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/',
    examples: ['Error from server: error dialing backend: remote error: tls: internal error'],
  },
];
