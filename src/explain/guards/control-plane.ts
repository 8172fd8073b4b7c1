import type { GuardGroup } from '../guard-text.ts';

export const controlPlane: GuardGroup = {
  title: 'Control plane and etcd',
  guards: [
    {
      id: 'api-servers-answer',
      what: 'Refuses while an API server does not answer at its own address, or is not ready.',
      why: "An API server behind a load balancer can hide that another one is down; upgrading the healthy one then ends the cluster's API.",
      remedy:
        'Look at it on its node: `crictl ps -a | grep apiserver`, `crictl logs ID`, and `curl -k https://ADDRESS:6443/readyz?verbose`.',
    },
    {
      id: 'etcd-health',
      what: 'Refuses a dead member, a learner, an alarm, a member too many or too few, no agreed leader, a member more than 10,000 entries behind, and a restart that would cost the quorum; warns of one more than 1,000 entries behind, and where the health cannot be read.',
      why: 'kubeadm restarts etcd. With one member down already, the restart of another costs the quorum, and the API stops.',
      remedy:
        'Bring the member back or remove it: `etcdctl endpoint status --cluster`, `etcdctl endpoint health --cluster`, `etcdctl alarm list`.',
    },
    {
      id: 'etcd-floor',
      what: "Refuses a release that brings etcd 3.6 while one of several members is below 3.5.26, and warns of one that brings 3.7 while a member is below 3.6.11; notes members below 3.5.32 before 3.6, with the check of the v2 store, and where it is not known which etcd will run by then. A tag in `etcd.local.imageTag` counts first, then what the release's own kubeadm listed for `prefetch`, then a table, which the message says. Both floors are those of etcd's upgrade guides (2026). What the releases bring is compared with their pull requests; that 1.33.12 brings 3.5.26 is not verified, nor what patches newer than 1.34.3, 1.35.1, 1.36.4 and 1.37.0 bring: these count as the one before or newer.",
      why: 'Older members carry a damaged list of members that etcd of the next minor brings back to life.',
      remedy: 'Upgrade first to a patch of the present minor that brings the named etcd, then go on to the next minor.',
    },
    {
      id: 'etcd-snapshot-whole',
      what: 'Refuses a file that is missing, whose sha256 is not the given one or that of the metadata beside it, or that does not end with the hash of its content.',
      why: 'A damaged snapshot is noticed only after the members were stopped.',
      remedy: 'Take or fetch the snapshot again, and check it with `etcdutl snapshot status FILE`.',
    },
    {
      id: 'etcd-snapshot-cluster',
      what: 'Refuses one without metadata, one whose members have other names or addresses than those here, and one of a cluster with another certificate authority (without a known one: another id; each restore gives the cluster a new id).',
      why: "The state of another cluster in place of this one's cannot be told from data loss.",
      remedy: 'Give the snapshot of this cluster. If it is known to be right, override with the reason.',
    },
    {
      id: 'etcd-members-stopped',
      what: 'Refuses `etcd-restore` while etcd runs on any node of the run.',
      why: 'A member that still runs keeps the old data alive, and two clusters of the same name come of it.',
      remedy: 'Stop etcd on all members of the run; the runbook `etcd-restore.yaml` has the step for it.',
    },
    {
      id: 'etcd-old-data',
      what: 'Refuses `etcd-restore` where the data folder holds data again although this run has moved the old ones aside already.',
      why: 'What would be overwritten is the only copy of what was written since the last restore.',
      remedy: 'Move the data folder away by hand, to a place with room, and resume.',
    },
    {
      id: 'certificates',
      what: "Refuses what has ended. Warns of what ends within 30 days and that no upgrade renews (an external CA's are such), notes what it does renew, and authorities in their last year.",
      why: 'An API server, a kubelet or etcd with a certificate that has ended answers no one.',
      remedy:
        '`kubeadm certs check-expiration`, then `runbook apply renew-certificates.yaml`; certificates of an external CA are renewed by whoever signs them.',
    },
    {
      id: 'certificate-authority',
      what: "Refuses `renew-certificates` where a certificate is due whose authority's key is not on the control plane (external CA).",
      why: 'kubeadm leaves such a certificate as it is and ends with 0: it looks renewed and is not.',
      remedy: 'Have the external CA sign a new one, or run where the key is.',
    },
    {
      id: 'admin-conf',
      what: 'Refuses where `/etc/kubernetes/admin.conf` of a control plane is missing, does not reach the cluster or may not do everything.',
      why: 'kubeadm upgrade works with this file and fails half-way without its rights.',
      remedy:
        '`kubeadm init phase kubeconfig admin`, and from 1.29 on see that the ClusterRoleBinding kubeadm:cluster-admins is there.',
    },
    {
      id: 'static-pod-files',
      what: 'Refuses two manifests of one component in `/etc/kubernetes/manifests`, whatever their names end in, and names both, and a manifest that an interrupted kubeadm has moved away and not replaced, with the command that puts it back; warns of files there that are no pods, and of pods whose file looks as if it were switched off; notes static pods that kubeadm does not know.',
      why: 'The kubelet starts every file of the folder: two of one component fight for its port.',
      remedy: 'Leave one manifest per component in /etc/kubernetes/manifests, and move the others to another folder.',
    },
    {
      id: 'static-pods-edited',
      what: "Compares flags, their values, volumes, containers, variables, resources, probes and images of a manifest with what kubeadm writes by itself and by `kubeadm-config`. Refuses a step that would lose an admission plugin, an authorizer, encryption at rest or the audit; warns of the rest, and of what kubeadm would add, such as the proxy variables of the shell that it runs in. kubeadm keeps no record of patches: silent where the step has `patches`. The flags are those of kubeadm's code since v1beta4 (phases/controlplane/manifests.go); that 1.36 and 1.37 write no others is not verified.",
      why: 'kubeadm writes the manifests again, without what was added by hand.',
      remedy: 'Put the differences into kubeadm-config (`extraArgs`, `extraVolumes`) or into patches.',
    },
    {
      id: 'emulation',
      what: 'Warns of `--emulated-version` and `--min-compatibility-version`.',
      why: 'The skew counts from the emulated release, not from the binary.',
      remedy: 'Take `--emulated-version` and `--min-compatibility-version` out when the upgrade before is finished.',
    },
    {
      id: 'coredns',
      what: "Refuses `kubeadm-upgrade-apply` where the tag of the Deployment's first container is no version that this kubeadm can migrate (a suffix, a digest, another container, one newer than its own). Warns of plugins that kubeadm cannot migrate and of resources of its own; notes a changed Corefile. The versions and plugins are those of corefile-migration up to CoreDNS 1.14.2, which 1.36.2 brings; 1.14.3 to 1.14.6 (1.37) are not verified.",
      why: 'kubeadm would refuse the addon at its end, or replace what is yours.',
      remedy: 'Follow the finding; `skipPhases: [addon/coredns]` leaves CoreDNS to you.',
    },
    {
      id: 'network-plugin',
      what: "Notes the network plugin and its image's tag before `kubeadm-upgrade-apply` to another minor, as kubeadm does not upgrade it.",
      why: 'kubeadm does not upgrade it, and one that does not know the release may give pods no network.',
      remedy: 'Look up the minors that the plugin supports, and upgrade it first where needed.',
    },
    {
      id: 'schedulable',
      what: 'Refuses `kubeadm-upgrade-apply` to a release before 1.31 where every node is cordoned, not Ready or tainted.',
      why: "kubeadm's preflight Job needs a node to run on.",
      remedy: 'Uncordon a node, or add a toleration: a release from 1.31 on does not need it.',
    },
    {
      id: 'webhooks',
      what: 'Warns of a webhook with `failurePolicy: Fail` for pods, nodes or what kubeadm writes (Jobs, ConfigMaps, Services, DaemonSets, Deployments, RBAC) that has no ready pod behind it, or all of them on the node that is drained. Refuses such a webhook before `kubeadm upgrade`, unless its selectors may leave out kube-system.',
      why: "A webhook that must answer and does not blocks every request that it is asked about, kubeadm's too.",
      remedy: 'Bring its pods back, or set `failurePolicy: Ignore` for the time of the upgrade.',
    },
    {
      id: 'volumes-detached',
      what: 'Refuses `reset-node`, `remove-node` and `remove-control-plane`, and warns before `reboot`, while a VolumeAttachment names a node that is cordoned and empty, unless a pod that stays there has volumes.',
      why: 'A volume that is still attached may be written by two nodes, or its data be lost.',
      remedy:
        'Wait until `kubectl get volumeattachments` has none for the node, or look why the CSI driver does not detach.',
    },
    {
      id: 'deprecated-apis',
      what: 'Warns of requests for APIs that the release to reach takes away; without a runbook that is the next minor.',
      why: 'Whoever asks for them gets 404 after the upgrade.',
      remedy:
        'Find the client by the audit log or user agent, and move it to the API version that the migration guide names.',
    },
    {
      id: 'kubelet-server',
      what: 'Notes a kubelet that asks the API server of another control plane alone.',
      why: 'While that control plane restarts, the kubelet of another node has no API.',
      remedy: 'Set `server:` in /etc/kubernetes/kubelet.conf to the controlPlaneEndpoint, and restart the kubelet.',
    },
  ],
};
