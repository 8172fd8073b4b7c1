import type { CertificatesFact } from '../certificates.ts';

const PKI = '/etc/kubernetes/pki';

/** What kubeadm signs and renews on a control plane, by authority ("PKI certificates and requirements"). */
const SIGNED = {
  [`${PKI}/ca`]:
    /^\/etc\/kubernetes\/(((super-)?admin|controller-manager|scheduler)\.conf|pki\/apiserver(-kubelet-client)?\.crt)$/,
  [`${PKI}/front-proxy-ca`]: /^\/etc\/kubernetes\/pki\/front-proxy-client\.crt$/,
  [`${PKI}/etcd/ca`]: /^\/etc\/kubernetes\/pki\/(apiserver-etcd-client|etcd\/(server|peer|healthcheck-client))\.crt$/,
};

/** Their keys: where one is not on a control plane, its authority is an external one. */
export const AUTHORITY_KEYS = Object.keys(SIGNED).map((authority) => `${authority}.key`);

/** The key by which kubeadm signs a certificate (by its path); undefined: it is none of kubeadm's. */
export function signingKey(path: string): string | undefined {
  const authority = Object.entries(SIGNED).find(([, signed]) => signed.test(path))?.[0];
  return authority === undefined ? undefined : `${authority}.key`;
}

/**
 * The key that kubeadm lacks on a control plane to renew a certificate there: it leaves that one as it is, and exits
 * with 0 (`renewCert` in cmd/kubeadm/app/cmd/certs.go). Another certificatesDir than kubeadm's own is not looked at.
 */
export function missingKey({ keys, files }: CertificatesFact, path: string): string | undefined {
  const key = signingKey(path);
  const isOwnFolder = files.some((file) => file.path.startsWith(`${PKI}/`));
  return key === undefined || !keys || keys.includes(key) || !isOwnFolder ? undefined : key;
}
