/**
 * Versions of configuration files that a component reads no more, by the minor that took them away: it does not start
 * with such a file. Up to 1.37 no other was found: kube-controller-manager has no such file; of kube-proxy, the kubelet
 * and its credential providers, the egress selector, tracing, structured authentication and authorization, and of
 * AdmissionConfiguration no version was removed (kubernetes/kubernetes #142318 plans those of
 * AuthorizationConfiguration for 1.40, #101564 is open).
 */
export interface RemovedConfig {
  /** `group/version`, or `group/version Kind` where other kinds of that version stay. */
  readonly kind: string;
  readonly since: number;
  /** What the running release reads as well. */
  readonly use: string;
  readonly source: string;
}

export const removedConfigs: readonly RemovedConfig[] = [
  {
    kind: 'kubescheduler.config.k8s.io/v1beta1',
    since: 23,
    use: 'kubescheduler.config.k8s.io/v1beta2',
    source: 'KEP-785',
  },
  {
    kind: 'kubescheduler.config.k8s.io/v1beta2',
    since: 28,
    use: 'kubescheduler.config.k8s.io/v1',
    source: 'kubernetes/kubernetes#117649',
  },
  {
    kind: 'kubescheduler.config.k8s.io/v1beta3',
    since: 29,
    use: 'kubescheduler.config.k8s.io/v1',
    source: 'kubernetes/kubernetes#119994',
  },
  { kind: 'audit.k8s.io/v1alpha1', since: 24, use: 'audit.k8s.io/v1', source: 'kubernetes/kubernetes#108092' },
  { kind: 'audit.k8s.io/v1beta1', since: 24, use: 'audit.k8s.io/v1', source: 'kubernetes/kubernetes#108092' },
  {
    kind: 'apiserver.config.k8s.io/v1alpha1 WebhookAdmission',
    since: 36,
    use: 'apiserver.config.k8s.io/v1 WebhookAdmissionConfiguration',
    source: 'kubernetes/kubernetes#137379',
  },
];

/** KMS v1 is off from this minor on, unless the API server is given the gate (kubernetes/kubernetes #121485). */
export const kmsV1 = { since: 29, gate: 'KMSv1', source: 'kubernetes/kubernetes#121485' };
