import { X509Certificate } from 'node:crypto';
import type { Fact } from './fact.ts';
import { systemdSeconds } from './units.ts';
import { remembering } from './lib/remember.ts';

export interface KubeletFact {
  /** `server:` of /etc/kubernetes/kubelet.conf. */
  readonly server?: string;
  /** The common name of its client certificate without `system:node:`, if readable: the Node object's name. */
  readonly nodeName?: string;
  readonly active: boolean;
  /** Seconds since the epoch at which the running process started, by the node's clock. */
  readonly startedAt?: number;
  /** Seconds since the epoch of the last change of /usr/bin/kubelet (ctime), by the node's clock. */
  readonly binaryChangedAt?: number;
  /** /healthz on 127.0.0.1:10248 answered ok. */
  readonly healthy: boolean;
  /**
   * The release whose `kubeadm upgrade node` wrote this node's configuration.
   * No node records it: only projected facts have it.
   */
  readonly configuredFor?: string;
  /** A join of this machine began and has not ended: what it left is no obstacle to the next one. */
  readonly joining?: true;
}

/** Made ahead of `kubeadm join`, removed after it. */
export const JOIN_MARK = '/etc/kubernetes/.runbook-joins';

const certificateFile = '/var/lib/kubelet/pki/kubelet-client-current.pem';

export const kubelet: Fact<KubeletFact> = {
  command: 'cat /etc/kubernetes/kubelet.conf; systemctl show kubelet; curl 127.0.0.1:10248/healthz',
  remedy: 'Is this a node of a kubeadm cluster, with a kubelet under systemd?',
  // The client certificate's file holds its key as well: only the certificate is printed.
  script: () =>
    `conf=/etc/kubernetes/kubelet.conf
printf 'server: %s\\n' "$(sed -n 's/^[[:space:]]*server:[[:space:]]*//p' $conf 2>/dev/null | head -n 1)"
cert=$(sed -n 's/^[[:space:]]*client-certificate:[[:space:]]*//p' $conf 2>/dev/null | head -n 1)
cert=\${cert:-${certificateFile}}
data=$(sed -n 's/^[[:space:]]*client-certificate-data:[[:space:]]*//p' $conf 2>/dev/null | head -n 1)
if [ -r "$cert" ]; then
  if command -v openssl >/dev/null 2>&1; then openssl x509 -noout -subject -in "$cert" 2>/dev/null
  else sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p' "$cert"
  fi
elif [ -n "$data" ]; then printf '%s\\n' "$data" | base64 -d
fi
echo
TZ=UTC systemctl show kubelet -p ActiveState -p ExecMainStartTimestamp 2>/dev/null
printf 'changed: %s\\n' "$(stat -c %Z "$(command -v kubelet || echo /usr/bin/kubelet)" 2>/dev/null)"
port=$(sed -n 's/^healthzPort:[[:space:]]*//p' /var/lib/kubelet/config.yaml 2>/dev/null | head -n 1)
url=127.0.0.1:\${port:-10248}/healthz
if command -v curl >/dev/null 2>&1; then health=$(curl -s --noproxy '*' --max-time 5 "http://$url")
elif command -v wget >/dev/null 2>&1; then health=$(wget -q -O - --no-proxy --tries=1 --timeout=5 "http://$url")
elif command -v bash >/dev/null 2>&1; then
  health=$(timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/\${port:-10248} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && tail -n 1 <&3" 2>/dev/null)
fi
printf 'health: %s\\n' "$health"
if [ -e ${JOIN_MARK} ]; then echo 'joining: yes'; fi
true`,
  parse: remembering(parseKubelet),
};

function parseKubelet(output: string): KubeletFact {
  const value = (name: string) => new RegExp(`^${name} *(.*?)\\s*$`, 'm').exec(output)?.[1] ?? '';
  const server = value('server:').replace(/^(["'])(.*)\1$/, '$2');
  const nodeName = certificateName(output);
  const startedAt = systemdSeconds(value('ExecMainStartTimestamp='));
  const changed = Number(value('changed:') || Number.NaN);
  return {
    ...(server === '' ? {} : { server }),
    ...(nodeName === undefined ? {} : { nodeName }),
    active: value('ActiveState=') === 'active',
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(Number.isNaN(changed) ? {} : { binaryChangedAt: changed }),
    healthy: value('health:') === 'ok',
    ...(value('joining:') === 'yes' ? { joining: true } : {}),
  };
}

/** From openssl's `subject=O = system:nodes, CN = system:node:cp1` (the form varies by version), or the certificate. */
function certificateName(output: string): string | undefined {
  const subject = /^subject=.*$/m.exec(output)?.[0] ?? certificateSubject(output);
  return /CN ?= ?system:node:([^,/\s]+)/.exec(subject)?.[1];
}

function certificateSubject(output: string): string {
  const pem = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/.exec(output)?.[0];
  if (pem === undefined) return '';
  try {
    return new X509Certificate(pem).subject;
  } catch {
    return '';
  }
}
