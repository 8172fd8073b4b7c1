import type { KnownText } from '../text.ts';

const CHECKS = 'kubernetes/kubernetes: cmd/kubeadm/app/preflight/checks.go';

/** What `kubeadm` checks before it changes anything. */
export const kubeadmPreflight: readonly KnownText[] = [
  {
    id: 'kubeadm-create-job',
    patterns: [
      /\[ERROR CreateJob\]/,
      /Job "upgrade-health-check[^"]*" in the namespace "kube-system" did not complete/,
    ],
    meaning: "kubeadm's health check Job did not complete in time",
    cause:
      'kubeadm starts a Job and waits 15 seconds (1 minute since 1.36). No node was schedulable, the pause image was pulled slowly, or a webhook was in the way.',
    remedy:
      'Look at the pod: `kubectl -n kube-system describe pod -l batch.kubernetes.io/job-name`. Uncordon a node that can run it, pull the pause image first, then `runbook resume`. Leave it out with `--ignore-preflight-errors=CreateJob` only when you know why it failed.',
    source: 'https://github.com/kubernetes/kubeadm/issues/3050',
    examples: [
      '[ERROR CreateJob]: Job "upgrade-health-check-lvr8s" in the namespace "kube-system" did not complete in 15s: client rate limiter Wait returned an error: context deadline exceeded',
      '\t[ERROR CreateJob]: Job "upgrade-health-check-4qjpt" in the namespace "kube-system" did not complete in 15s: no condition of type Complete',
      '\t[ERROR CreateJob]: could not delete Job "upgrade-health-check" in the namespace "kube-system": jobs.batch "upgrade-health-check" not found',
    ],
  },
  {
    id: 'kubeadm-control-planes-not-ready',
    patterns: [/\[ERROR ControlPlaneNodesReady\]/, /there are NotReady control-planes in the cluster/],
    meaning: 'A control plane node is NotReady, and kubeadm refuses to upgrade',
    cause: 'Every control plane Node object must be Ready before `kubeadm upgrade apply`.',
    remedy:
      '`kubectl get nodes` and `kubectl describe node NODE` show which one and why; `systemctl status kubelet` there. Continue when it is Ready.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/phases/upgrade/health.go',
    examples: ['\t[ERROR ControlPlaneNodesReady]: there are NotReady control-planes in the cluster: [cp-2]'],
  },
  {
    id: 'kubeadm-manifest-missing',
    patterns: [/\[ERROR StaticPodManifest\]/, /some of the manifests don't seem to exist on disk/],
    meaning: 'A static pod manifest is missing in /etc/kubernetes/manifests',
    cause:
      'An upgrade that was interrupted between two renames leaves a manifest out, or kubeadm runs on a machine that is no control plane.',
    remedy:
      'Copy the missing file back from the newest /etc/kubernetes/tmp/kubeadm-backup-manifests-*, wait until its pod runs, then `runbook resume`.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/phases/upgrade/health.go',
    examples: [
      "\t[ERROR StaticPodManifest]: The control plane seems to be Static Pod-hosted, but some of the manifests don't seem to exist on disk. This probably means you're running 'kubeadm upgrade' on a remote machine, which is not supported for a Static Pod-hosted cluster. Manifest files not found: [/etc/kubernetes/manifests/kube-scheduler.yaml]",
    ],
  },
  {
    id: 'kubeadm-coredns-migration',
    patterns: [/\[ERROR CoreDNS(UnsupportedPlugins|Migration)\]/, /unable to migrate CoreDNS ConfigMap/],
    meaning: 'kubeadm cannot migrate the Corefile of CoreDNS',
    cause: 'The Corefile has a plugin, or CoreDNS a version (an image of your own), that the migration does not know.',
    remedy:
      'Save `kubectl -n kube-system get cm coredns -o yaml`. Then `--ignore-preflight-errors=CoreDNSUnsupportedPlugins,CoreDNSMigration` keeps your Corefile; compare it with the new version by hand. Or skip the addon: `--skip-phases=addon/coredns`.',
    source: 'https://github.com/coredns/corefile-migration/issues/23',
    examples: [
      "    [ERROR CoreDNSMigration]: start version 'v1.6.2-100' not supported",
      '\t[ERROR CoreDNSUnsupportedPlugins]: there are unsupported plugins in the CoreDNS Corefile',
      "unable to migrate CoreDNS ConfigMap: start version 'v1.6.2-100' not supported",
    ],
  },
  {
    id: 'kubeadm-port-in-use',
    patterns: [/\[ERROR Port-\d+\]/, /\bPort \d+ is in use\b/],
    meaning: 'A port that Kubernetes needs is in use on this node',
    cause: 'Something of an earlier installation still runs (a kubelet, an etcd), or another program has the port.',
    remedy:
      '`ss -ltnp` shows the process. What is left of an earlier try: `kubeadm reset` on this node, which deletes its Kubernetes state, then join again.',
    source: CHECKS,
    examples: ['\t[ERROR Port-10250]: Port 10250 is in use', '\t[ERROR Port-6443]: Port 6443 is in use'],
  },
  {
    id: 'kubeadm-files-left',
    patterns: [/\[ERROR (File|Dir)Available-[^\]]*\]/],
    meaning: 'Files of an earlier installation are on this node',
    cause: '`kubeadm join` and `init` expect no manifests, kubelet.conf, CA or etcd data.',
    remedy:
      'Is this the right node? If it is to be joined again: `kubeadm reset` on it (it deletes its Kubernetes state and etcd data), then join.',
    source: CHECKS,
    examples: [
      '\t[ERROR FileAvailable--etc-kubernetes-kubelet.conf]: /etc/kubernetes/kubelet.conf already exists',
      '\t[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty',
    ],
  },
  {
    id: 'kubeadm-swap',
    patterns: [/\[ERROR Swap\]/],
    meaning: 'Swap is on, and kubeadm refuses it',
    cause: 'Swap came back, as after a reboot with a line in /etc/fstab or with zram.',
    remedy: '`swapoff -a`, take the line out of /etc/fstab (and zram-generator), then `runbook resume`.',
    source: CHECKS,
    examples: ['\t[ERROR Swap]: running with swap on is not supported. Please disable swap'],
  },
  {
    id: 'kubeadm-runtime-down',
    breadth: 'broad',
    patterns: [/\[ERROR CRI\]/, /container runtime is not running: output/],
    meaning: 'kubeadm cannot use the container runtime',
    cause: 'containerd or CRI-O does not run, its socket is another one, or its CRI plugin is disabled.',
    remedy:
      '`systemctl status containerd`, `crictl info`. The socket is in /var/lib/kubelet/kubeadm-flags.env or instance-config.yaml.',
    source: CHECKS,
    examples: [
      '\t[ERROR CRI]: container runtime is not running: output: time="2026-03-02T08:12:08Z" level=fatal msg="getting status of runtime: timeout"',
    ],
  },
  {
    id: 'kubeadm-image-pull',
    breadth: 'broad',
    patterns: [/\[ERROR ImagePull\]/],
    meaning: 'kubeadm could not pull an image of the control plane',
    cause: 'The registry, a proxy or a mirror did not give the image.',
    remedy:
      '`kubeadm config images list` shows the names, `crictl pull IMAGE` repeats the pull with its message. A mirror: `imageRepository` in kubeadm-config.',
    source: CHECKS,
    examples: [
      '\t[ERROR ImagePull]: failed to pull image registry.k8s.io/kube-apiserver:v1.32.9: output: E1130 failed',
    ],
  },
  {
    id: 'kubeadm-too-small',
    patterns: [/\[ERROR (NumCPU|Mem)\]/],
    meaning: 'The node has too few CPUs or too little memory for a control plane',
    cause: 'kubeadm asks for 2 CPUs and 1700 MB.',
    remedy: 'Give the machine more, or accept it with `--ignore-preflight-errors=NumCPU,Mem` (test clusters only).',
    source: CHECKS,
    examples: [
      '\t[ERROR NumCPU]: the number of available CPUs 1 is less than the required 2',
      '\t[ERROR Mem]: the system RAM (957 MB) is less than the minimum 1700 MB',
    ],
  },
  {
    id: 'kubeadm-system-verification',
    patterns: [/\[ERROR SystemVerification\]/],
    meaning: "kubeadm does not accept this node's kernel or cgroups",
    cause: 'A kernel option or cgroup controller is missing; since 1.35 also cgroup v1, which the kubelet refuses.',
    remedy:
      'The lines before list what is `missing`. cgroup v1: boot with cgroup v2 (`systemd.unified_cgroup_hierarchy=1`), or `failCgroupV1: false` in kubelet-config. A module: `modprobe configs`.',
    source: 'kubernetes/system-validators: validators',
    examples: [
      '\t[ERROR SystemVerification]: missing required cgroups: memory',
      '\t[ERROR SystemVerification]: failed to parse kernel config: unable to load kernel module: "configs", output: "modprobe: FATAL: Module configs not found in directory /lib/modules/6.1.0-13-amd64\\n", err: exit status 1',
    ],
  },
  {
    id: 'kubeadm-net-forward',
    patterns: [/\[ERROR FileContent--proc-sys-net-[^\]]*\]/],
    meaning: 'br_netfilter or IP forwarding is off',
    cause: 'The module is not loaded or the sysctl is not set, often after a reboot.',
    remedy:
      '`modprobe br_netfilter; sysctl -w net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1`; keep both in /etc/modules-load.d and /etc/sysctl.d.',
    source: 'https://github.com/containerd/containerd/issues/8032',
    examples: [
      '        [ERROR FileContent--proc-sys-net-bridge-bridge-nf-call-iptables]: /proc/sys/net/bridge/bridge-nf-call-iptables does not exist',
      '        [ERROR FileContent--proc-sys-net-ipv4-ip_forward]: /proc/sys/net/ipv4/ip_forward contents are not set to 1',
    ],
  },
  {
    id: 'kubeadm-program-missing',
    patterns: [/\[ERROR FileExisting-[^\]]*\]/],
    meaning: 'A program that kubeadm needs is not installed',
    cause: 'Such as conntrack, crictl or iptables: packages that a minimal system lacks.',
    remedy: 'Install the package that has it (conntrack, cri-tools, iptables, ethtool, socat), then `runbook resume`.',
    source: CHECKS,
    examples: ['\t[ERROR FileExisting-conntrack]: conntrack not found in system path'],
  },
  {
    id: 'kubeadm-kubelet-version',
    patterns: [/\[ERROR KubeletVersion\]/, /the kubelet version is higher than the control plane version/],
    meaning: 'The installed kubelet is newer than the control plane, or too old for this kubeadm',
    cause: 'The kubelet package was upgraded before the control plane, or kubeadm without it.',
    remedy:
      'Upgrade the control plane first, or install the kubelet of its minor: `apt-get install kubelet=VERSION`, `dnf install kubelet-VERSION`.',
    source: CHECKS,
    examples: [
      '\t[ERROR KubeletVersion]: the kubelet version is higher than the control plane version. This is not a supported version skew and may lead to a malfunctional cluster. Kubelet version: "1.33.1" Control plane version: "1.32.9"',
    ],
  },
  {
    id: 'kubeadm-external-etcd-version',
    patterns: [/\[ERROR ExternalEtcdVersion\]/, /only supports external etcd version >=/],
    meaning: 'The external etcd is too old or did not answer kubeadm',
    cause: 'kubeadm never upgrades an external etcd, and each release has a lowest version.',
    remedy:
      'Upgrade etcd member by member first. No answer: check endpoints and certificates of `etcd.external` in kubeadm-config.',
    source: CHECKS,
    examples: [
      '\t[ERROR ExternalEtcdVersion]: this version of kubeadm only supports external etcd version >= 3.5.11-0. Current version: 3.4.13',
    ],
  },
  {
    id: 'kubeadm-not-root',
    patterns: [/\[ERROR IsPrivilegedUser\]/, /user is not running as root/],
    meaning: 'kubeadm must run as root',
    cause: 'The step ran as the login of the connection.',
    remedy: 'Set `become: { method: sudo }` in the inventory; `runbook plan smoke.yaml` tries it on all nodes.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/preflight/checks_unix.go',
    examples: ['\t[ERROR IsPrivilegedUser]: user is not running as root'],
  },
  {
    id: 'kubeadm-service-inactive',
    patterns: [/\[ERROR Service-[^\]]*\]/],
    meaning: 'A service that kubeadm needs does not run',
    cause: 'The kubelet or the container runtime is stopped or does not exist on this node.',
    remedy: '`systemctl status NAME`, then `systemctl enable --now NAME`, as the message names it.',
    source: CHECKS,
    examples: ["\t[ERROR Service-Docker]: docker service is not active, please run 'systemctl start docker.service'"],
  },
];
