import type { GuardGroup } from '../guard-text.ts';

export const versions: GuardGroup = {
  title: 'Versions',
  guards: [
    {
      id: 'skew-api-servers',
      what: 'Refuses a step after which two API servers are further apart. What was so before is a warning, here and with the other rules of the skew: the step may be what fixes it.',
      why: 'API servers of two minors apart store objects that the other cannot read.',
      remedy: 'Bring the older API server up first, minor by minor.',
    },
    {
      id: 'skew-kubelet',
      what: 'Refuses a step after which a kubelet is newer than an API server, or more than three minors older (two before 1.25).',
      why: 'A kubelet that is newer than the API server, or too old for it, is not supported and may lose its pods.',
      remedy:
        'Upgrade the control planes before the kubelets, and the oldest kubelets before the next minor of the control planes.',
    },
    {
      id: 'skew-kube-proxy',
      what: 'The same for what the DaemonSet of kube-proxy says.',
      why: 'A kube-proxy that does not fit the API server may stop to write rules for Services.',
      remedy:
        'Let `kubeadm upgrade apply` finish the addons, or update the DaemonSet kube-proxy to the version of the control plane.',
    },
    {
      id: 'skew-kube-proxy-pods',
      what: 'Warns of a kube-proxy that a stuck rollout left behind.',
      why: 'The DaemonSet may name the new version while the pod of a node is still the old one.',
      remedy: '`kubectl -n kube-system rollout status ds/kube-proxy`, and delete the pod that is stuck.',
    },
    {
      id: 'skew-controllers',
      what: "The same for controller managers and schedulers; warns of a cloud's own controller.",
      why: 'A controller manager or scheduler that is newer than an API server asks it for what it does not know.',
      remedy: "Upgrade every API server before, and a cloud's own controller by its own instructions.",
    },
    {
      id: 'skew-kubectl',
      what: 'Warns of a kubectl that is further off.',
      why: 'A kubectl that is further off may send fields that are dropped, or fail to read what it gets.',
      remedy: 'Install a kubectl within one minor of every API server where the run uses it.',
    },
    {
      id: 'skew-mixed-api-servers',
      what: 'Refuses a kubelet that would start at the new minor while the load balancer may still lead it to an old API server.',
      why: 'A new kubelet that the load balancer leads to an old API server is newer than it.',
      remedy: 'Upgrade all control planes first, then the kubelets.',
    },
    {
      id: 'skew-kubelet-drained',
      what: 'Refuses a new minor on a schedulable node; warns of pods that are still there.',
      why: 'The new minor may recreate containers: pods restart without an eviction.',
      remedy: 'Let a `drain` come before the step that changes the kubelet.',
    },
    {
      id: 'skew-kubelet-behind',
      what: 'Warns of kubelets that the next minor of the control plane would leave behind.',
      why: 'With the next minor of the control plane these kubelets would be outside of the supported skew.',
      remedy: 'Upgrade these kubelets first: drain, kubeadm upgrade node, kubelet, uncordon.',
    },
    {
      id: 'no-skipped-minor',
      what: 'Refuses 1.31 to 1.33, by any way.',
      why: 'Each minor migrates what the one before wrote; a skipped one never ran.',
      remedy: 'Go minor by minor: `runbook apply upgrade.yaml --set version=X` does so by `hops`.',
    },
    {
      id: 'vendor-version',
      what: "Refuses `kubeadm upgrade apply` where a kubelet has a vendor's version; warns of it without a step.",
      why: 'kubeadm would write the manifests of upstream over those of the vendor.',
      remedy: "Upgrade with the vendor's own tool, or use a runbook without kubeadm.",
    },
    {
      id: 'known-bad',
      what: 'Refuses 1.30.0 (loses the kubelet configuration), 1.32.0 where there is no kube-proxy (it deploys one), 1.34.0 and 1.34.1 where a host has another name than its Node, and 1.35.0 where `kubeadm-flags.env` has no flags; warns of 1.28.0 to 1.28.2 -> 1.28.3 or newer (etcd) and of 1.33 to 1.35 with many namespaces. `hops` takes another patch where there is one.',
      why: 'This release of kubeadm damages clusters such as this one.',
      remedy: 'Choose the patch that the finding names; `hops` does so by itself where one exists.',
    },
    {
      id: 'no-downgrade',
      what: 'Refuses an older release, an older patch as well.',
      why: 'The older release may not read what the newer one has stored.',
      remedy:
        'Choose a version that is not older than what runs; the way back is a restore of etcd from before (docs/backup.md).',
    },
    {
      id: 'target-kubeadm',
      what: 'Asked after a prefetch, and by `preflight --with-target-kubeadm`: see "The target\'s own kubeadm" in docs/guards.md. Refuses what its dry run refuses by a check of its own, by its version policy, or for a patch that it cannot apply, and quotes it; warns of other failures, of one that does not come to an end, of component configurations that it cannot convert, and where it could not be asked.',
      why: 'It is what kubeadm itself would refuse, learned before a node is out of service.',
      remedy: 'Fix what the quoted line of kubeadm names, then resume.',
    },
    {
      id: 'kubeadm-version',
      what: 'Refuses a kubeadm that is not of the release, or too new for the cluster or the kubelets.',
      why: 'kubeadm upgrades only to its own minor, and only from the one before.',
      remedy: 'Install the kubeadm of the release first (`install-packages`, `packages: [kubeadm]`).',
    },
  ],
};
