/** `https://10.10.0.31:2379` of each of `count` machines. */
export function endpointsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `https://${addressOf(index)}:2379`);
}

/** The address of the machine etcd-(index+1). */
export function addressOf(index: number): string {
  return `10.10.0.${31 + index}`;
}

/** Where kubeadm wants the authority and the API server's own certificate for an external etcd. */
export const clientFiles = {
  caFile: '/etc/kubernetes/pki/etcd/ca.crt',
  certFile: '/etc/kubernetes/pki/apiserver-etcd-client.crt',
  keyFile: '/etc/kubernetes/pki/apiserver-etcd-client.key',
} as const;
