/**
 * Values that kubeadm 1.20 to 1.37 writes into static pods by itself, where they do not depend on the node: kubeadm's
 * phases/controlplane/manifests.go, phases/etcd/local.go and util/staticpod/utils.go. Data: a release is a line here.
 */

/** By component and flag. What is not listed here has a value that depends on the node or on files. */
export const defaultValues: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'kube-apiserver': {
    'allow-privileged': /^true$/,
    'authorization-mode': /^(Node,RBAC|RBAC,Node)$/,
    'enable-admission-plugins': /^NodeRestriction$/,
    'enable-bootstrap-token-auth': /^true$/,
    // Before 1.24, for dual-stack clusters, by kubeadm's gate of that name.
    'feature-gates': /^IPv6DualStack=(true|false)$/,
    'insecure-port': /^0$/,
    'kubelet-preferred-address-types': /^InternalIP,ExternalIP,Hostname$/,
    'requestheader-allowed-names': /^front-proxy-client$/,
    'requestheader-extra-headers-prefix': /^X-Remote-Extra-$/,
    'requestheader-group-headers': /^X-Remote-Group$/,
    'requestheader-username-headers': /^X-Remote-User$/,
  },
  'kube-controller-manager': {
    'allocate-node-cidrs': /^true$/,
    'bind-address': /^(127\.0\.0\.1|::1)$/,
    controllers: /^\*,bootstrapsigner,tokencleaner$/,
    'feature-gates': /^IPv6DualStack=(true|false)$/,
    'leader-elect': /^true$/,
    port: /^0$/,
    'use-service-account-credentials': /^true$/,
  },
  'kube-scheduler': {
    'bind-address': /^(127\.0\.0\.1|::1)$/,
    'feature-gates': /^IPv6DualStack=(true|false)$/,
    'leader-elect': /^true$/,
    port: /^0$/,
  },
  etcd: {
    'client-cert-auth': /^true$/,
    'experimental-initial-corrupt-check': /^true$/,
    'experimental-watch-progress-notify-interval': /^5s$/,
    'feature-gates': /^InitialCorruptCheck=true$/,
    'peer-client-cert-auth': /^true$/,
    'snapshot-count': /^10000$/,
    'watch-progress-notify-interval': /^5s$/,
  },
};

/** By component: `limits` are none of kubeadm's. */
export const defaultResources: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kube-apiserver': { cpu: '250m' },
  'kube-controller-manager': { cpu: '200m' },
  'kube-scheduler': { cpu: '100m' },
  etcd: { cpu: '100m', 'ephemeral-storage': '100Mi', memory: '100Mi' },
};

/** Fields of any component's pod, by their place in the manifest: the first pattern that matches the place counts. */
export const defaultFields: readonly (readonly [place: RegExp, value: RegExp])[] = [
  [/^imagePullPolicy$/, /^IfNotPresent$/],
  [/^metadata\.labels\.component$/, /^/],
  [/^metadata\.labels\.tier$/, /^control-plane$/],
  [/^metadata\.annotations\.(kubeadm\.kubernetes\.io\/|scheduler\.alpha\.kubernetes\.io\/critical-pod)/, /^/],
  [/^spec\.hostNetwork$/, /^true$/],
  [/^spec\.priority$/, /^200000[01]000$/],
  [/^spec\.priorityClassName$/, /^system-(node|cluster)-critical$/],
  [/^spec\.securityContext\.seccompProfile\.type$/, /^RuntimeDefault$/],
  // The paths and ports of probes changed with releases; a named port since 1.34.
  [/^(liveness|readiness|startup)Probe\.httpGet\./, /^/],
  [/^ports\./, /^/],
  [/^livenessProbe\.failureThreshold$/, /^8$/],
  [/^readinessProbe\.failureThreshold$/, /^3$/],
  // By the time limit for the control plane, which has no place in kubeadm-config since v1beta4.
  [/^startupProbe\.failureThreshold$/, /^\d+$/],
  [/^(liveness|startup)Probe\.initialDelaySeconds$/, /^1[05]$/],
  [/^(liveness|startup)Probe\.periodSeconds$/, /^10$/],
  [/^readinessProbe\.periodSeconds$/, /^1$/],
  [/^(liveness|readiness|startup)Probe\.timeoutSeconds$/, /^15$/],
];

/** Fields that kubeadm's gate RootlessControlPlane writes. */
export const rootlessFields = /(^|\.)securityContext\./;

/** Flags of the API server that protect: without one of them an authorizer, encryption at rest or the audit is gone. */
export const protectingFlags: Readonly<Record<string, string>> = {
  'admission-control-config-file': 'the configuration of admission plugins',
  'audit-log-path': 'the audit log',
  'audit-policy-file': 'the audit policy',
  'audit-webhook-config-file': "the audit's webhook",
  'authorization-config': 'the configuration of authorizers',
  'authorization-policy-file': "the authorizer ABAC's policy",
  'authorization-webhook-config-file': 'the authorizing webhook',
  'encryption-provider-config': 'the encryption of Secrets at rest',
};

/** Flags of the API server that list what protects, and what one entry is. */
export const protectingLists: Readonly<Record<string, string>> = {
  'authorization-mode': 'the authorizer',
  'enable-admission-plugins': 'the admission plugin',
};
