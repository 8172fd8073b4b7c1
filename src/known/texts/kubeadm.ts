import type { KnownText } from '../text.ts';

const POLICY = 'kubernetes/kubernetes: cmd/kubeadm/app/phases/upgrade/policy.go';
const STATIC_PODS = 'kubernetes/kubernetes: cmd/kubeadm/app/phases/upgrade/staticpods.go';

export const kubeadm: readonly KnownText[] = [
  {
    id: 'kubeadm-static-pod-hash',
    patterns: [/static Pod hash for component \S+ on Node \S+ did not change after/i],
    meaning: 'The kubelet did not start the new static pod in time; kubeadm rolled back',
    cause:
      'The kubelet was slow or does not run, the image could not be pulled, or the new pod crashed. 1.28.0 to 1.28.3 had this with etcd.',
    remedy:
      'kubeadm put the old manifests back: it is safe to repeat. Look at `journalctl -u kubelet`, `crictl ps -a` and the logs of the component, then `runbook resume`.',
    source: 'https://github.com/kubernetes/kubeadm/issues/2957',
    examples: [
      "error execution phase control-plane: couldn't complete the static pod upgrade: couldn't upgrade control plane. kubeadm has tried to recover everything into the earlier state. Errors faced: static Pod hash for component kube-apiserver on Node omega-controlplane-0 did not change after 5m0s: context deadline exceeded",
      "[upgrade/etcd] Failed to upgrade etcd: couldn't upgrade control plane. kubeadm has tried to recover everything into the earlier state. Errors faced: static Pod hash for component etcd on Node qa-fullha-master1 did not change after 5m0s: timed out waiting for the condition",
    ],
  },
  {
    id: 'kubeadm-rolled-back',
    breadth: 'general',
    patterns: [/couldn't upgrade control plane\. kubeadm has tried to recover everything into the earlier state/],
    meaning: 'kubeadm could not upgrade the control plane, and put the old manifests back',
    cause: 'A component did not come up with its new manifest.',
    remedy:
      'It is safe to repeat. `crictl ps -a` and `crictl logs ID` show why the component ended (a removed flag, a full disk, an image); then `runbook resume`.',
    source: 'https://github.com/kubernetes/kubernetes/issues/65071',
    examples: [
      "[upgrade/apply] FATAL: couldn't upgrade control plane. kubeadm has tried to recover everything into the earlier state. Errors faced: timed out waiting for the condition",
    ],
  },
  {
    id: 'kubeadm-etcd-unhealthy',
    patterns: [/etcd cluster is not healthy/, /\[upgrade\/etcd\] Failed to healthcheck (previous )?etcd/],
    meaning: 'kubeadm found an etcd member that does not answer',
    cause: 'One member of etcd is down, or its certificate or clock is wrong. kubeadm asks every member.',
    remedy:
      '`runbook preflight` names the member. Start it or remove it (`etcdctl member list`, `member remove ID`) while quorum holds, then `runbook resume`.',
    source: STATIC_PODS,
    examples: [
      'error execution phase check-etcd: etcd cluster is not healthy: failed to dial endpoint https://10.0.0.12:2379 with maintenance client: context deadline exceeded',
      '[upgrade/etcd] Failed to healthcheck previous etcd: etcd cluster is not healthy: context deadline exceeded',
    ],
  },
  {
    id: 'kubeadm-etcd-rollback-failed',
    patterns: [/fatal error rolling back local etcd cluster/],
    meaning: 'kubeadm could not put the etcd data of this member back',
    cause: 'The upgrade of etcd failed, and so did the copy of its backup: a full disk, or files in use.',
    remedy:
      'Do not repeat. Free the disk, keep the backup named in the message, then restore the member from it or from a snapshot (docs/backup.md).',
    source: STATIC_PODS,
    examples: [
      '[upgrade/apply] FATAL: fatal error when trying to upgrade the etcd cluster, rolled the state back to pre-upgrade state: fatal error rolling back local etcd cluster datadir: copy failed, the backup of etcd database is stored here:(/etc/kubernetes/tmp/kubeadm-backup-etcd-2026-03-02-10-11-12)',
    ],
  },
  {
    id: 'kubeadm-version-older',
    patterns: [
      /Specified version to upgrade to "[^"]*" is (higher than the kubeadm version|at least one minor release higher than the kubeadm minor release)/,
    ],
    meaning: 'kubeadm is older than the version it is to upgrade to',
    cause: 'The kubeadm package of the target was not installed first, or another kubeadm is first in PATH.',
    remedy:
      'Install the kubeadm of the target on this node (`apt-get install kubeadm=VERSION`, `dnf install kubeadm-VERSION`), check `kubeadm version`, then `runbook resume`. Never `--force`.',
    source: POLICY,
    examples: [
      '\t- Specified version to upgrade to "v1.21.3" is higher than the kubeadm version "v1.21.0". Upgrade kubeadm first using the tool you used to install kubeadm',
      '\t- Specified version to upgrade to "v1.22.0" is at least one minor release higher than the kubeadm minor release (22 > 21). Such an upgrade is not supported',
    ],
  },
  {
    id: 'kubeadm-version-skipped',
    patterns: [
      /is too high; kubeadm can upgrade only \d+ minor version at a time/,
      /is too low; kubeadm can downgrade only/,
    ],
    meaning: 'The target is more than one minor away',
    cause: 'kubeadm moves a cluster by one minor at a time, and goes back by none.',
    remedy: 'Upgrade to the next minor first; a runbook with `hops` does all of them in turn.',
    source: POLICY,
    examples: [
      '\t- Specified version to upgrade to "v1.33.1" is too high; kubeadm can upgrade only 1 minor version at a time',
    ],
  },
  {
    id: 'kubeadm-version-newer',
    patterns: [
      /Kubeadm version \S+ can only be used to upgrade to Kubernetes version/,
      /this version of kubeadm only supports deploying clusters with the control plane version >=/,
      /is equal to or lower than the minimum supported version/,
    ],
    meaning: 'kubeadm is newer than the version it is used for',
    cause: 'The kubeadm package is of a later minor than the target.',
    remedy: "Install the kubeadm of the target's minor, check `kubeadm version -o short`, then `runbook resume`.",
    source: POLICY,
    examples: [
      '\t- Kubeadm version v1.33.1 can only be used to upgrade to Kubernetes version 1.33',
      '[upgrade/config] FATAL: this version of kubeadm only supports deploying clusters with the control plane version >= 1.22.0. Current version: v1.21.7',
    ],
  },
  {
    id: 'kubeadm-old-kubelets',
    patterns: [/There are kubelets in this cluster that are too old/],
    meaning: 'A kubelet is too old for the control plane that is to come',
    cause: 'Nodes that were left out of earlier upgrades, or Node objects of machines that are gone.',
    remedy:
      '`kubectl get nodes` shows the versions. Upgrade those nodes first, or delete the Node objects of machines that no longer exist.',
    source: POLICY,
    examples: [
      '\t- There are kubelets in this cluster that are too old that have these versions [v1.27.3]',
      '\t- There are kubelets in this cluster that are too old that have these versions [v1.19.4 v1.18.12]',
    ],
  },
  {
    id: 'kubeadm-unstable-version',
    patterns: [/is an unstable version and such upgrades weren't allowed/],
    meaning: 'The target is a prerelease',
    cause: 'alpha, beta and rc versions need a flag.',
    remedy:
      'Choose a release, or `--allow-release-candidate-upgrades` / `--allow-experimental-upgrades` on a test cluster.',
    source: POLICY,
    examples: [
      `\t- Specified version to upgrade to "v1.33.0-rc.1" is an unstable version and such upgrades weren't allowed via setting the --allow-*-upgrades flags`,
    ],
  },
  {
    id: 'kubeadm-config-missing',
    patterns: [
      /configmaps "(kubeadm-config|kubelet-config[^"]*)" (not found|is forbidden)/,
      /the ConfigMap "(kubeadm-config|kubelet-config[^"]*)" in the kube-system namespace .*not found/,
    ],
    meaning: "kubeadm's configuration is missing in kube-system, or may not be read",
    cause:
      'The ConfigMap was deleted, the cluster was not made by kubeadm, or its name has a minor (`kubelet-config-1.23`) that a newer kubeadm does not ask for.',
    remedy:
      'Write it again: `kubeadm init phase upload-config all --config FILE` on a control plane, with the configuration the cluster was made with.',
    source: 'https://github.com/kubernetes/kubeadm/issues/2464',
    examples: [
      'the ConfigMap "kubeadm-config" in the kube-system namespace used for getting configuration information was not found',
      'error execution phase kubelet-start: configmaps "kubelet-config-1.15" is forbidden: User "system:bootstrap:uz7fhd" cannot get resource "configmaps" in API group "" in the namespace "kube-system"',
      'configmaps "kubelet-config" not found',
    ],
  },
  {
    id: 'kubeadm-old-config',
    patterns: [/your configuration file uses an old API spec/],
    meaning: 'The kubeadm configuration has an API version that this kubeadm no longer reads',
    cause: 'v1beta1 ended with 1.21, v1beta2 with 1.26, v1beta3 with 1.36.',
    remedy:
      '`kubeadm config migrate --old-config OLD --new-config NEW` with the kubeadm that still reads it, then pass the new file.',
    source: 'kubernetes/kubernetes: cmd/kubeadm/app/util/config/common.go',
    examples: [
      `your configuration file uses an old API spec: "kubeadm.k8s.io/v1beta2". Please use kubeadm v1.22 instead and run 'kubeadm config migrate --old-config old.yaml --new-config new.yaml', which will write the new, similar spec using a newer API version.`,
    ],
  },
  {
    id: 'kubeadm-node-unknown',
    patterns: [
      /failed to get (the )?corresponding node: nodes "[^"]*" (not found|is forbidden)/,
      /failed to get node registration/,
    ],
    meaning: 'kubeadm did not find the Node object of this machine',
    cause:
      'The host name and the name of the Node object differ (1.34.0 and 1.34.1 looked for the host name), or the object was deleted.',
    remedy:
      '`kubectl get nodes -o wide`, and the CN in /etc/kubernetes/kubelet.conf. Set the name: `nodeRegistration.name` in an UpgradeConfiguration, or the host name as it was.',
    source: 'https://github.com/kubernetes/kubeadm/issues/3244',
    examples: [
      '[upgrade/config] FATAL: failed to get node registration: failed to get corresponding node: nodes "tomrausch-hp-elite-7100-microtower-pc" not found',
    ],
  },
  {
    id: 'kubeadm-renewal',
    patterns: [/failed to renew certificates for component/],
    meaning: 'kubeadm could not renew a certificate',
    cause:
      'The key of the CA is not on this node (an external CA), or a certificate under /etc/kubernetes/pki is damaged.',
    remedy:
      'With an external CA sign the new certificates there, then pass `--certificate-renewal=false`. `kubeadm certs check-expiration` lists them all.',
    source: STATIC_PODS,
    examples: [
      `failed to renew certificates for component "kube-apiserver": failed to renew the apiserver certificate`,
    ],
  },
  {
    id: 'kubeadm-no-admin-conf',
    patterns: [/failed to load admin kubeconfig/, /couldn't create a Kubernetes client from file/],
    meaning: 'kubeadm could not read admin.conf',
    cause:
      'Only control planes have it, and only root reads it. `kubeadm upgrade apply` and `plan` do not run on workers.',
    remedy: 'Run the step on a control plane and with `become`; a worker takes `kubeadm upgrade node`.',
    source: 'seen on Debian 12 with kubeadm 1.21 (docs/real-cluster.md)',
    examples: [
      `couldn't create a Kubernetes client from file "/etc/kubernetes/admin.conf": failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: permission denied`,
      `couldn't create a Kubernetes client from file "/etc/kubernetes/admin.conf": failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: no such file or directory`,
    ],
  },
  {
    id: 'kubeadm-not-confirmed',
    patterns: [/won't proceed; the user didn't answer \(Y\|y\)/],
    meaning: 'kubeadm asked whether to continue, and got no answer',
    cause: 'A step has no terminal.',
    remedy: 'Pass `--yes` (`-y`); the action `kubeadm-upgrade-apply` does.',
    source: 'seen on Debian 12 with kubeadm 1.21 (docs/real-cluster.md)',
    examples: [
      "[upgrade/confirm] Are you sure you want to proceed with the upgrade? [y/N]: won't proceed; the user didn't answer (Y|y) in order to continue",
    ],
  },
  {
    id: 'kubeadm-after-upgrade',
    breadth: 'general',
    patterns: [
      /\[upgrade\/postupgrade\] FATAL/,
      /error execution phase (addon|addons|post-upgrade|upload-config|kubelet-config)\b/,
    ],
    meaning: 'The control plane was upgraded, but what kubeadm does after it failed',
    cause: 'The ConfigMaps, RBAC rules or addons (CoreDNS, kube-proxy) could not be written.',
    remedy:
      'The text behind it says what. Fix that and repeat the step (`runbook resume`): kubeadm does only what is missing.',
    source: 'https://github.com/kubernetes/kubernetes/issues/84326',
    examples: [
      '[upgrade/postupgrade] FATAL post-upgrade error: unable to create or update the DNS Deployment',
      'error execution phase addon/kube-proxy: unable to update daemonset',
    ],
  },
  {
    id: 'kubeadm-external-ca',
    breadth: 'general',
    patterns: [/External CA detected, \S+ certificate can't be renewed/],
    meaning: 'kubeadm did not renew a certificate: the key of the CA is not on this node',
    cause: 'An external CA signs the certificates of this cluster.',
    remedy:
      'Sign new certificates with the external CA before they expire: `kubeadm certs check-expiration`, `kubeadm certs generate-csr`.',
    source: STATIC_PODS,
    examples: ["[upgrade/staticpods] External CA detected, apiserver-etcd-client certificate can't be renewed"],
  },
];
