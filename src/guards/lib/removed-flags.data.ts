/**
 * What Kubernetes components no longer understand, by the minor that removed it: a component that is given one of
 * these does not start. Data: a new release is a few names here.
 */

/** Flags without dashes, by component (`*`: of every component). A name may end in `*`. */
export const removedFlags: Readonly<Record<string, Readonly<Record<number, readonly string[]>>>> = {
  // CHANGELOG-1.26: "Deprecated klog flags removed" (kubernetes/kubernetes #112120)
  '*': {
    26: [
      'add-dir-header',
      'alsologtostderr',
      'log-backtrace-at',
      'log-dir',
      'log-file',
      'log-file-max-size',
      'logtostderr',
      'one-output',
      'skip-headers',
      'skip-log-headers',
      'stderrthreshold',
    ],
  },
  kubelet: {
    // CHANGELOG-1.24: dockershim, dynamic kubelet configuration
    24: [
      'cni-bin-dir',
      'cni-cache-dir',
      'cni-conf-dir',
      'docker-endpoint',
      'dynamic-config-dir',
      'experimental-dockershim-root-directory',
      'image-pull-progress-deadline',
      'network-plugin',
      'network-plugin-mtu',
    ],
    // CHANGELOG-1.27
    27: ['container-runtime'],
    // CHANGELOG-1.31 (#122082)
    31: ['keep-terminated-pod-volumes'],
    34: ['cloud-config'],
    35: ['pod-infra-container-image'],
    // CHANGELOG-1.37: the flags of cAdvisor
    37: [
      'application-metrics-count-limit',
      'boot-id-file',
      'container-hints',
      'containerd',
      'containerd-namespace',
      'enable-load-reader',
      'event-storage-age-limit',
      'event-storage-event-limit',
      'global-housekeeping-interval',
      'housekeeping-interval',
      'log-cadvisor-usage',
      'machine-id-file',
      'storage-driver-buffer-duration',
      'storage-driver-db',
      'storage-driver-host',
      'storage-driver-password',
      'storage-driver-secure',
      'storage-driver-table',
      'storage-driver-user',
    ],
  },
  'kube-apiserver': {
    // CHANGELOG-1.24 (#106859)
    24: ['address', 'insecure-bind-address', 'insecure-port', 'port'],
    // CHANGELOG-1.33: the last of the cloud providers in the tree
    33: ['cloud-config', 'cloud-provider'],
  },
  'kube-controller-manager': {
    // CHANGELOG-1.24 (#106860)
    24: ['address', 'port'],
    // CHANGELOG-1.27 (#113710)
    27: ['enable-taint-manager', 'pod-eviction-timeout'],
    // CHANGELOG-1.37 (#138002)
    37: ['concurrent-service-syncs'],
  },
  'kube-scheduler': {
    // CHANGELOG-1.23 (#105424)
    23: ['policy-config-file', 'policy-configmap', 'policy-configmap-namespace', 'use-legacy-policy-config'],
    // CHANGELOG-1.24 (#106865)
    24: ['address', 'port'],
  },
};

/**
 * Flags of etcd, by the first minor of Kubernetes that brings such an etcd: "Upgrade etcd from 3.5 to 3.6" and "from
 * v3.6 to v3.7" (etcd.io), Flags removed.
 */
export const removedEtcdFlags: Readonly<Record<number, readonly string[]>> = {
  34: [
    'enable-v2',
    'experimental-enable-v2v3',
    'proxy',
    'proxy-dial-timeout',
    'proxy-failure-wait',
    'proxy-read-timeout',
    'proxy-refresh-interval',
    'proxy-write-timeout',
  ],
  37: ['experimental-*'],
};

/** Which etcd that is. */
export const etcdOfMinor: Readonly<Record<number, string>> = { 34: '3.6.0', 37: '3.7.0' };

/**
 * Feature gates of kubeadm, with which it refuses to upgrade: "kubeadm init", List of removed feature gates; the last
 * by kubernetes/kubernetes#138645.
 */
export const removedKubeadmGates: Readonly<Record<number, readonly string[]>> = {
  24: ['IPv6DualStack'],
  26: ['UnversionedKubeletConfigMap'],
  31: ['UpgradeAddonsBeforeControlPlane'],
  33: ['EtcdLearnerMode'],
  35: ['WaitForAllControlPlaneComponents'],
  36: ['ControlPlaneKubeletLocalMode'],
  37: ['NodeLocalCRISocket'],
};

/** "Admission Controllers Reference" and the release notes. */
export const removedAdmissionPlugins: Readonly<Record<number, readonly string[]>> = {
  20: ['PodPreset'],
  21: ['DenyEscalatingExec', 'DenyExecOnPrivileged'],
  25: ['PodSecurityPolicy'],
  30: ['SecurityContextDeny'],
  31: ['PersistentVolumeLabel'],
};
