import type { KnownText } from '../text.ts';

/** containerd, runc, crictl and CRI-O, also as kubeadm and the kubelet pass their words on. */
export const containerd: readonly KnownText[] = [
  {
    id: 'pull-rate-limit',
    patterns: [/toomanyrequests: /, /429 Too Many Requests/i, /reached your (unauthenticated )?pull rate limit/],
    meaning: 'The registry limits how many images may be pulled',
    cause: 'Docker Hub counts pulls by address; many nodes behind one address use them up.',
    remedy:
      'Use a mirror or a login for the registry (`hosts.toml`, imagePullSecrets), or wait, then `runbook resume`.',
    source: 'https://docs.docker.com/docker-hub/usage/',
    examples: [
      'failed to pull image "docker.io/library/busybox:1.36": rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/busybox:1.36": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/busybox/manifests/sha256:3fbc: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit.',
    ],
  },
  {
    id: 'pull-not-found',
    patterns: [
      /manifest unknown/i,
      /failed to (pull|resolve).*: not found\b/,
      /(pull|resolve).*no match for platform in manifest/,
    ],
    meaning: 'The registry does not have this image or tag',
    cause: 'A version that was not mirrored, a wrong `imageRepository`, or k8s.gcr.io, which is frozen.',
    remedy:
      '`kubeadm config images list --kubernetes-version vX` shows the names; mirror them, or set `imageRepository: registry.k8s.io`.',
    source: 'https://kubernetes.io/blog/2023/03/10/image-registry-redirect/',
    examples: [
      '\t[ERROR ImagePull]: failed to pull image registry.example.com/kube-apiserver:v1.32.9: failed to pull image registry.example.com/kube-apiserver:v1.32.9: rpc error: code = NotFound desc = failed to pull and unpack image "registry.example.com/kube-apiserver:v1.32.9": failed to resolve reference "registry.example.com/kube-apiserver:v1.32.9": registry.example.com/kube-apiserver:v1.32.9: not found',
      'Error response from daemon: manifest for k8s.gcr.io/kube-apiserver:v1.32.9 not found: manifest unknown: Failed to fetch "v1.32.9"',
    ],
  },
  {
    id: 'pull-denied',
    patterns: [
      /pull access denied, repository does not exist or may require authorization/,
      /failed to (pull|resolve|authorize|fetch).*(401 Unauthorized|403 Forbidden|insufficient_scope|authorization failed|no basic auth credentials|unauthorized:)/,
    ],
    meaning: 'The registry refuses to give the image to this node',
    cause: 'No or wrong credentials, a token that has expired, or a proxy that refuses the host.',
    remedy:
      '`crictl pull --creds USER:PASSWORD IMAGE` tries it; set the credentials of the mirror in /etc/containerd/certs.d, then restart containerd.',
    source: 'containerd/containerd: core/remotes/docker/resolver.go',
    examples: [
      'failed to pull image "registry.example.com/pause:3.10": failed to resolve reference "registry.example.com/pause:3.10": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      'rpc error: code = Unknown desc = failed to pull and unpack image "registry.k8s.io/pause:3.10": failed to resolve reference "registry.k8s.io/pause:3.10": unexpected status from HEAD request to https://europe-docker.pkg.dev/v2/pause/manifests/3.10: 403 Forbidden',
    ],
  },
  {
    id: 'pull-x509',
    patterns: [
      /failed to (pull|resolve|do request|fetch).*x509:/,
      /Error response from daemon: Get "?https:\/\/[^ ]*\/v2\/[^ ]* x509:/,
    ],
    meaning: 'The container runtime does not trust the certificate of the registry',
    cause: 'A registry or proxy with a CA of its own, an expired certificate, or a wrong clock.',
    remedy:
      "Put the CA into the node's trust store (`update-ca-certificates`, `update-ca-trust`) or /etc/containerd/certs.d/HOST/hosts.toml, restart containerd; check `timedatectl`.",
    source: 'https://github.com/rancher/k3os/issues/155',
    examples: [
      'Failed create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "k8s.gcr.io/pause:3.1": failed to pull image "k8s.gcr.io/pause:3.1": failed to resolve image "k8s.gcr.io/pause:3.1": no available registry endpoint: failed to do request: Head https://k8s.gcr.io/v2/pause/manifests/3.1: x509: certificate has expired',
      '\t[ERROR ImagePull]: failed to pull image registry.example.com/etcd:3.5.24-0: failed to do request: Head "https://registry.example.com/v2/etcd/manifests/3.5.24-0": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
  },
  {
    id: 'pull-unreachable',
    patterns: [
      /failed to (pull|resolve|do request|fetch|copy|get sandbox image).*(dial tcp|i\/o timeout|TLS handshake timeout|connection reset|connection refused|no such host|Client\.Timeout|context deadline exceeded|proxyconnect|: EOF|Try again)/,
      /failed pulling image "[^"]*": .*(Client\.Timeout|dial tcp|i\/o timeout)/,
    ],
    meaning: 'The container runtime cannot connect to the registry',
    cause: 'A firewall, DNS, or a proxy that containerd does not know (it has its own environment).',
    remedy:
      '`crictl pull IMAGE` and `curl -v https://REGISTRY/v2/` on the node. A proxy: HTTPS_PROXY and NO_PROXY in a drop-in of containerd.service, `systemctl daemon-reload`, restart. Or use a mirror (`imageRepository`), or load the images first (step `prefetch`).',
    source: 'https://github.com/k3s-io/k3s/issues/11412',
    examples: [
      'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "rancher/mirrored-pause:3.6": failed to pull image "rancher/mirrored-pause:3.6": failed to pull and unpack image "docker.io/rancher/mirrored-pause:3.6": failed to resolve reference "docker.io/rancher/mirrored-pause:3.6": failed to do request: Head "https://registry-1.docker.io/v2/rancher/mirrored-pause/manifests/3.6": dial tcp 103.252.115.53:443: connect: connection refused',
      '\t[ERROR ImagePull]: failed to pull image registry.k8s.io/kube-apiserver:v1.32.9: failed to resolve reference "registry.k8s.io/kube-apiserver:v1.32.9": failed to do request: Head "https://registry.k8s.io/v2/kube-apiserver/manifests/v1.32.9": dial tcp: lookup registry.k8s.io on 10.0.0.2:53: no such host',
      'RunPodSandbox from runtime service failed: rpc error: code = Unknown desc = failed to get sandbox image "k8s.gcr.io/pause:3.1": failed to pull image "k8s.gcr.io/pause:3.1": failed to resolve image "k8s.gcr.io/pause:3.1": no available registry endpoint: failed to do request: Head https://k8s.gcr.io/v2/pause/manifests/3.1: dial tcp 74.125.203.82:443: i/o timeout',
    ],
  },
  {
    id: 'cri-sandbox-image',
    breadth: 'broad',
    patterns: [/failed to get sandbox image "[^"]*"/],
    meaning: 'The pause image cannot be pulled, so no pod starts',
    cause: '`sandbox_image` of containerd names an image that is not there.',
    remedy:
      'Set it in /etc/containerd/config.toml (`sandbox_image`, in containerd 2 `sandbox = `) to one you have, restart containerd.',
    source: 'https://github.com/rootless-containers/usernetes/issues/240',
    examples: [
      'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "k8s.gcr.io/pause:3.5": image is being removed',
    ],
  },
  {
    id: 'cri-not-implemented',
    patterns: [
      /unknown service runtime\.v1(alpha2)?\.(RuntimeService|ImageService)/,
      /CRI v1 (runtime|image) API is not implemented for endpoint/,
    ],
    meaning: "containerd's CRI plugin is disabled, or containerd is too old or too new",
    cause:
      '`disabled_plugins = ["cri"]` (as Docker\'s package has it), containerd before 1.6 (no CRI v1), or a crictl of before v1.',
    remedy:
      '`containerd config default > /etc/containerd/config.toml` with `SystemdCgroup = true`, `systemctl restart containerd`. Else upgrade containerd (1.7 or 2.x) and cri-tools.',
    source: 'https://github.com/kubernetes/kubernetes/issues/131164',
    examples: [
      'FATA[0000] validate service connection: validate CRI v1 runtime API for endpoint "unix:///run/containerd/containerd.sock": rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService ',
      '\t[ERROR CRI]: container runtime is not running: output: time="2020-09-24T11:49:16Z" level=fatal msg="getting status of runtime failed: rpc error: code = Unimplemented desc = unknown service runtime.v1alpha2.RuntimeService"',
    ],
  },
  {
    id: 'cri-no-socket',
    patterns: [
      /dial unix \S+(containerd|crio|cri-dockerd|dockershim|docker)\S*\.sock: (connect: )?(no such file or directory|connection refused|permission denied)/,
      /Cannot connect to the Docker daemon at/,
    ],
    meaning: 'The socket of the container runtime is not there or does not answer',
    cause: 'containerd does not run, or the socket is another one (dockershim.sock is gone since 1.24).',
    remedy:
      '`systemctl status containerd`, `ls -l /run/containerd/containerd.sock`. The socket in /var/lib/kubelet/kubeadm-flags.env or instance-config.yaml, /etc/crictl.yaml and the annotation of the Node object must be the same.',
    source: 'https://kubernetes.io/docs/tasks/administer-cluster/migrating-from-dockershim/',
    examples: [
      'FATA[0000] validate service connection: validate CRI v1 runtime API for endpoint "unix:///run/containerd/containerd.sock": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: no such file or directory"',
      'E0302 10:11:12.123456   1234 remote_runtime.go:616] "Status from runtime service failed" err="rpc error: code = Unavailable desc = connection error: desc = \\"transport: Error while dialing dial unix /var/run/dockershim.sock: connect: no such file or directory\\""',
    ],
  },
  {
    id: 'cri-cgroup-driver',
    patterns: [
      /expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups/,
      /kubelet cgroup driver: "[^"]*" is different from (docker|container runtime) cgroup driver/,
    ],
    meaning: 'The kubelet and the container runtime use different cgroup drivers',
    cause: 'One uses systemd, the other cgroupfs: often after a new config.toml of containerd.',
    remedy:
      '`SystemdCgroup = true` in /etc/containerd/config.toml and `cgroupDriver: systemd` in the kubelet configuration; restart containerd, then the kubelet.',
    source: 'https://github.com/containerd/containerd/issues/4857',
    examples: [
      'containerd[21688]: time="2020-12-16T19:38:06.081521590+01:00" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:etcd-k8smaster,Namespace:kube-system,Attempt:0,} failed, error" error="failed to create containerd task: OCI runtime create failed: expected cgroupsPath to be of format \\"slice:prefix:name\\" for systemd cgroups, got \\"/kubepods/burstable/pod89f4/823b\\" instead: unknown"',
      'F0405 05:33:40.511159    4759 server.go:274] failed to run Kubelet: misconfiguration: kubelet cgroup driver: "cgroupfs" is different from docker cgroup driver: "systemd"',
    ],
  },
  {
    id: 'cri-name-reserved',
    patterns: [/failed to reserve (container|sandbox) name "[^"]*": name "[^"]*" is reserved for/],
    meaning: 'The runtime still works on a container of the same name',
    cause: 'An earlier start hangs: a slow disk, or a container that cannot be removed.',
    remedy: '`crictl ps -a`, `crictl rm -f ID`; look at the load of the disk, restart containerd.',
    source: 'containerd/containerd: internal/registrar/registrar.go',
    examples: [
      'rpc error: code = Unknown desc = failed to reserve container name "etcd_etcd-cp-1_kube-system_89f4f2cb_3": name "etcd_etcd-cp-1_kube-system_89f4f2cb_3" is reserved for "4c1f"',
    ],
  },
  {
    id: 'cri-config',
    patterns: [
      /containerd: (failed to load TOML|expected containerd config version|invalid plugin config)/,
      /failed to load (TOML|config) from "?\/etc\/containerd/,
      /unknown containerd config version/,
    ],
    meaning: 'The configuration of containerd is wrong',
    cause: 'A typing error, or a config.toml of another version of containerd.',
    remedy: '`containerd config dump` names the line; `containerd config migrate` writes it for this version.',
    source: 'containerd/containerd: cmd/containerd/server/config/config.go',
    examples: ['containerd: failed to load TOML: /etc/containerd/config.toml: (12, 3): unexpected token'],
  },
  {
    id: 'cri-runc',
    breadth: 'broad',
    patterns: [/OCI runtime (create|exec) failed/, /runc (create|run) failed/],
    meaning: 'runc could not start a container',
    cause: 'The text behind it says what: a program that is missing in the image, cgroups, seccomp, a mount.',
    remedy: '`crictl inspect ID`, `crictl logs ID`; upgrade runc with containerd, and compare cgroup drivers.',
    source: 'opencontainers/runc: libcontainer/container_linux.go',
    examples: [
      'Error: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "kube-apiserver": executable file not found in $PATH: unknown',
    ],
  },
];
