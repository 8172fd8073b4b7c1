import { minorNumber } from './releases.ts';

/** The KubeletConfiguration in the cluster's ConfigMap, and on each node until somebody edits it there. */
export const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
cgroupDriver: systemd
clusterDNS:
- 10.96.0.10
clusterDomain: cluster.local
healthzBindAddress: 127.0.0.1
healthzPort: 10248
kind: KubeletConfiguration
rotateCertificates: true
staticPodPath: /etc/kubernetes/manifests
`;

/**
 * /var/lib/kubelet/kubeadm-flags.env as kubeadm of a release writes it: `--pod-infra-container-image` until 1.34
 * (kubernetes/kubernetes #133778). That 1.34 moves the socket into instance-config.yaml is left out here.
 */
export function kubeadmFlags(version: string): string {
  const pause = minorNumber(version) < 35 ? ' --pod-infra-container-image=registry.k8s.io/pause:3.10' : '';
  return `KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///run/containerd/containerd.sock${pause}"\n`;
}

/** Flags that `kubeadm upgrade` of one minor alone takes out of that file: #133778, taken back by #135807. */
export const cleanedFlags: Readonly<Record<number, RegExp>> = {
  35: / ?--pod-infra-container-image=[^\s"]*/g,
};
