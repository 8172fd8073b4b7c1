import { X509Certificate } from 'node:crypto';
import type { Fact } from './fact.ts';
import { AUTHORITY_KEYS } from './lib/signers.ts';

/** Certificates of a node, as far as their ends could be read. */
export interface CertificatesFact {
  /** Seconds since the epoch, by the node's clock. */
  readonly now?: number;
  /** For a kubeconfig: its client certificate. `notAfter` in seconds since the epoch. */
  readonly files: readonly { readonly path: string; readonly notAfter: number }[];
  /** Of the keys of kubeadm's authorities, those that are on the machine; undefined: they were not looked for. */
  readonly keys?: readonly string[];
  /** They were renewed by a step that did not restart all that uses them. */
  readonly unfinished?: true;
  /** No static pod of etcd is on the machine. */
  readonly etcdElsewhere?: true;
}

/** There from before a renewal until everything that uses the certificates was restarted. */
export const RENEWAL_MARK = '/run/runbook-certificates-renewed';

/**
 * When the certificates of a kubeadm node expire ("Certificate Management with kubeadm", "PKI certificates and
 * requirements"). Of a file that also holds a key, only the certificate is printed.
 */
export const certificates: Fact<CertificatesFact> = {
  command: 'openssl x509 -noout -enddate -in /etc/kubernetes/pki/*.crt',
  remedy: 'Look at /etc/kubernetes/pki on that node.',
  script: () => `printf 'now: %s\\n' "$(date +%s)"
if [ -e ${RENEWAL_MARK} ]; then echo unfinished; fi
if [ ! -e /etc/kubernetes/manifests/etcd.yaml ]; then echo 'etcd elsewhere'; fi
for key in ${AUTHORITY_KEYS.join(' ')}; do
  if [ -e "$key" ]; then printf 'key: %s\\n' "$key"; fi
done
show() {
  printf 'file: %s\\n' "$1"
  if command -v openssl >/dev/null 2>&1; then openssl x509 -noout -enddate 2>/dev/null
  else sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p'
  fi
}
for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /var/lib/kubelet/pki/kubelet-client-current.pem; do
  if [ -r "$file" ]; then show "$file" <"$file"; fi
done
for file in /etc/kubernetes/*.conf; do
  data=$(sed -n 's/^ *client-certificate-data: *//p' "$file" 2>/dev/null | head -n 1)
  if [ -n "$data" ]; then printf '%s\\n' "$data" | base64 -d 2>/dev/null | show "$file"; fi
done
true`,
  parse: parseCertificates,
};

function parseCertificates(output: string): CertificatesFact {
  const now = Number(/^now: (\d+)$/m.exec(output)?.[1] ?? Number.NaN);
  const files = output.split(/^file: /m).slice(1);
  return {
    ...(Number.isNaN(now) ? {} : { now }),
    ...(/^unfinished$/m.test(output) ? { unfinished: true as const } : {}),
    ...(/^etcd elsewhere$/m.test(output) ? { etcdElsewhere: true as const } : {}),
    keys: [...output.matchAll(/^key: (.+)$/gm)].map(([, path = '']) => path),
    files: files.flatMap((part) => {
      const path = part.slice(0, part.indexOf('\n'));
      const end = endOf(part);
      return end === undefined ? [] : [{ path, notAfter: end }];
    }),
  };
}

/** Seconds since the epoch; undefined where there is nothing to be read. */
function endOf(text: string): number | undefined {
  const end = /^notAfter=(.*)$/m.exec(text)?.[1] ?? validTo(text);
  const time = Date.parse(end);
  return Number.isNaN(time) ? undefined : time / 1000;
}

function validTo(text: string): string {
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(text)?.[0];
  try {
    return pem === undefined ? '' : new X509Certificate(pem).validTo;
  } catch {
    return '';
  }
}
