import type { KnownText } from '../text.ts';

const GO_X509 = 'golang/go: src/crypto/x509/verify.go';

/** Certificates, whichever tool reads them. */
export const tls: readonly KnownText[] = [
  {
    id: 'x509-expired',
    breadth: 'plain',
    patterns: [
      /x509: certificate has expired or is not yet valid: current time \S+ is after/,
      /x509: certificate has expired or is not yet valid(?!: current time)/,
      /certificate has expired$/i,
    ],
    meaning: 'A certificate has expired',
    cause: 'Certificates of kubeadm live for a year and are renewed by an upgrade only; a clock may be ahead as well.',
    remedy:
      '`kubeadm certs check-expiration` on each control plane, `kubeadm certs renew all`, then restart the static pods. The clock: `timedatectl`. Copies of admin.conf are renewed by copying.',
    source: 'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/',
    examples: [
      'Unable to connect to the server: x509: certificate has expired or is not yet valid: current time 2026-03-02T10:11:12Z is after 2026-02-28T09:00:00Z',
      'Unable to connect to the server: x509: certificate has expired or is not yet valid',
    ],
  },
  {
    id: 'x509-not-yet-valid',
    breadth: 'plain',
    patterns: [/x509: certificate has expired or is not yet valid: current time \S+ is before/],
    meaning: 'A certificate is not valid yet: a clock is wrong',
    cause: "This machine's clock is behind, or that of the machine that signed the certificate was ahead.",
    remedy:
      '`timedatectl` on both, `chronyc makestep` (or `systemctl restart systemd-timesyncd`), then `runbook resume`.',
    source: GO_X509,
    examples: [
      'Unable to connect to the server: x509: certificate has expired or is not yet valid: current time 2026-03-02T10:11:12Z is before 2026-03-02T11:00:00Z',
    ],
  },
  {
    id: 'x509-unknown-authority',
    breadth: 'plain',
    patterns: [/x509: certificate signed by unknown authority/],
    meaning: 'A certificate is of a CA that is not trusted here',
    cause:
      'A kubeconfig of another cluster or of before the CA was replaced, a proxy that opens TLS, or a registry with a CA of its own.',
    remedy:
      "Compare `openssl s_client -connect HOST:PORT -showcerts` with the CA in the kubeconfig (/etc/kubernetes/pki/ca.crt), or add the CA to the machine's trust store and restart containerd.",
    source: GO_X509,
    examples: [
      'Unable to connect to the server: x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "kubernetes")',
    ],
  },
  {
    id: 'x509-wrong-name',
    breadth: 'plain',
    patterns: [
      /x509: certificate is valid for .*, not /,
      /x509: cannot validate certificate for \S+ because it doesn't contain any IP SANs/,
    ],
    meaning: 'A certificate does not have the name or address that was asked for',
    cause: 'The API server has a new address or load balancer name that is not in its certificate.',
    remedy:
      'Add it to `apiServer.certSANs` in kubeadm-config, move /etc/kubernetes/pki/apiserver.{crt,key} aside, `kubeadm init phase certs apiserver --config FILE`, restart kube-apiserver.',
    source: GO_X509,
    examples: [
      'Unable to connect to the server: x509: certificate is valid for 10.96.0.1, 10.0.0.11, not 10.0.0.10',
      `Get "https://10.0.0.12:10250/containerLogs/demo/web/web": x509: cannot validate certificate for 10.0.0.12 because it doesn't contain any IP SANs`,
    ],
  },
];
