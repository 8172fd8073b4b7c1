/**
 * What Kubernetes components no longer understand, by the minor that removed it: a component that is given one of
 * these does not start. Data: a new release is a few names here.
 */

/** Flags without dashes, by component. `*`: of every component. */
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
  },
  'kube-scheduler': {
    // CHANGELOG-1.23 (#105424)
    23: ['policy-config-file', 'policy-configmap', 'policy-configmap-namespace', 'use-legacy-policy-config'],
    // CHANGELOG-1.24 (#106865)
    24: ['address', 'port'],
  },
};

/** "Admission Controllers Reference" and the release notes. */
export const removedAdmissionPlugins: Readonly<Record<number, readonly string[]>> = {
  20: ['PodPreset'],
  21: ['DenyEscalatingExec', 'DenyExecOnPrivileged'],
  25: ['PodSecurityPolicy'],
  30: ['SecurityContextDeny'],
  31: ['PersistentVolumeLabel'],
};
