import type { GuardGroup } from '../guard-text.ts';

export const machines: GuardGroup = {
  title: 'Machines',
  guards: [
    {
      id: 'disk-room',
      what: "Refuses where packages, images or kubeadm's copies of etcd's data would not fit, or few inodes are left; warns where it gets close, or below the kubelet's eviction threshold.",
      why: 'A disk that becomes full in the middle leaves half a package, or stops etcd.',
      remedy:
        'Make room: `crictl rmi --prune`, `apt-get clean` or `dnf clean all`, old folders in /etc/kubernetes/tmp, journals (`journalctl --vacuum-size=200M`).',
    },
    {
      id: 'kubelet-config',
      what: "Refuses to upgrade where the ConfigMap `kubelet-config` is missing or has the name of a minor before 1.24; warns of values in a node's `/var/lib/kubelet/config.yaml` that kubeadm overwrites, notes them where the step has `patches`.",
      why: "kubeadm writes the ConfigMap over each node's file: what was set by hand is lost.",
      remedy: 'Put the values into the ConfigMap kubelet-config or into patches (`patches:` of the step).',
    },
    {
      id: 'removed-flags',
      what: "Refuses what would keep a component from starting after the upgrade. kubeadm takes a flag out of `kubeadm-flags.env` with one minor alone (`--container-runtime` with 1.26, `--pod-infra-container-image` with 1.35): workers that skip that minor are refused. Without a runbook it warns of what the next minor takes away, and notes the rest. Looks at the flags of the kubelet and its configuration, at `extraArgs` of the control plane and etcd, at kubeadm's own feature gates and at the configuration of kube-proxy.",
      why: 'A component with a flag that it does not know does not start.',
      remedy: 'Take the flag out where the finding says it is set, before the upgrade.',
    },
    {
      id: 'config-files',
      what: 'Looks at the files of the API server (admission and what it names, audit policy, authentication, authorization, egress, encryption, tracing) and of the scheduler (`--config`), at their lines with `kind`, `apiVersion` and `kms` alone. Refuses `kubeadm upgrade` where a version is gone (KubeSchedulerConfiguration v1beta1 1.23, v1beta2 1.28, v1beta3 1.29; audit policy before v1 1.24; WebhookAdmission v1alpha1 1.36), and a KMS v1 provider from 1.29 on without the gate `KMSv1`; warns where `kubeadm-config` does not name the file, as kubeadm then takes the flag out.',
      why: 'A component with a configuration file in a version that is gone does not start.',
      remedy: 'Convert the file to the version that the finding names, on each control plane.',
    },
    {
      id: 'old-drop-in',
      what: "Warns of a file in `/etc` that differs from the package's own and goes before it; notes one that will.",
      why: "The old file hides what the package brings, such as a new path of kubeadm's flags.",
      remedy: 'Remove the file in /etc, or make it equal, then `systemctl daemon-reload`.',
    },
    {
      id: 'cgroup-v1',
      what: 'Refuses 1.35 and newer on cgroup v1 unless `failCgroupV1: false` is set where the kubelet will read it: the ConfigMap that kubeadm writes to the node, a drop-in or a flag; warns from 1.31 on. The setting is still there in 1.37.',
      why: 'The kubelet refuses to start.',
      remedy:
        'Move the node to cgroup v2 (a newer operating system, or `systemd.unified_cgroup_hierarchy=1`), or set `failCgroupV1: false` in kubelet-config.',
    },
    {
      id: 'container-runtime',
      what: "Refuses containerd before 1.6 from 1.26 on, containerd 1.x from 1.38 on and dockershim from 1.24 on; warns of containerd 1.x from 1.35 on, of a CRI-O that is more than a minor behind, of two runtimes on one node, and without a runbook of what the next minor would be refused for. A runtime that `install-packages` brings is judged under the node's kubelet.",
      why: 'A kubelet without the API of its runtime starts no pods.',
      remedy: 'Upgrade the runtime first (`upgrade-container-runtime.yaml`), or remove the second one.',
    },
    {
      id: 'cri-socket',
      what: "Refuses `kubeadm upgrade` where the annotation of the Node object names another runtime than the one that runs, such as dockershim after a move to containerd; warns where it is another socket than in the kubelet's flags, and of the former without a runbook.",
      why: 'kubeadm would talk to a runtime that is not there.',
      remedy:
        '`kubectl annotate node NAME --overwrite kubeadm.alpha.kubernetes.io/cri-socket=unix:///run/containerd/containerd.sock`.',
    },
    {
      id: 'kube-proxy-mode',
      what: 'Refuses `userspace` from 1.26 on; warns of `ipvs` from 1.35 on.',
      why: 'kube-proxy would not start, or start in another mode.',
      remedy: 'Set `mode` in the ConfigMap kube-proxy to `iptables` or `nftables`, and restart its pods.',
    },
    {
      id: 'swap',
      what: 'Refuses to restart a kubelet that would not start with the swap that is on, by the configuration that kubeadm will have written, drop-ins of `--config-dir` and flags; warns of it before a reboot, before kubeadm and without a runbook.',
      why: 'A kubelet that finds swap on at its start ends at once; the node is not Ready.',
      remedy: '`swapoff -a` and take it out of /etc/fstab, or set `failSwapOn: false` in kubelet-config.',
    },
  ],
};
