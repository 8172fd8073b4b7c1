import type { Machine } from './machine.ts';

const day = 86_400_000;
const year = 365 * day;
const pki = '/etc/kubernetes/pki';
export const kubeletCertificate = '/var/lib/kubelet/pki/kubelet-client-current.pem';

/** Names as `kubeadm certs check-expiration` has them, and where they lie on a control plane. */
export const leafCertificates: Readonly<Record<string, string>> = {
  'admin.conf': '/etc/kubernetes/admin.conf',
  apiserver: `${pki}/apiserver.crt`,
  'apiserver-etcd-client': `${pki}/apiserver-etcd-client.crt`,
  'apiserver-kubelet-client': `${pki}/apiserver-kubelet-client.crt`,
  'controller-manager.conf': '/etc/kubernetes/controller-manager.conf',
  'etcd-healthcheck-client': `${pki}/etcd/healthcheck-client.crt`,
  'etcd-peer': `${pki}/etcd/peer.crt`,
  'etcd-server': `${pki}/etcd/server.crt`,
  'front-proxy-client': `${pki}/front-proxy-client.crt`,
  'scheduler.conf': '/etc/kubernetes/scheduler.conf',
};
export const authorities: Readonly<Record<string, string>> = {
  ca: `${pki}/ca.crt`,
  'etcd-ca': `${pki}/etcd/ca.crt`,
  'front-proxy-ca': `${pki}/front-proxy-ca.crt`,
};

/** A certificate in the lab: text that openssl (the lab's) reads. `notAfter` in milliseconds since the epoch. */
export function certificateText(notAfter: number, subject: string): string {
  return `-----BEGIN CERTIFICATE-----\nsubject=${subject}\nnotAfter=${opensslTime(notAfter)}\n-----END CERTIFICATE-----\n`;
}

/** As openssl prints it: `Nov 21 01:53:00 2027 GMT`. */
function opensslTime(time: number): string {
  const [, day = '', month = '', years = '', clock = ''] =
    /^\w+, (\d+) (\w+) (\d+) (\S+)/.exec(new Date(time).toUTCString()) ?? [];
  return `${month} ${day.replace(/^0/, ' ')} ${clock} ${years} GMT`;
}

/** The kubeconfig's line with a client certificate of its own. */
export function clientCertificateData(notAfter: number, user: string): string {
  return Buffer.from(certificateText(notAfter, `O = system:masters, CN = ${user}`)).toString('base64');
}

/** When a new certificate ends: leaves last a year, authorities ten. To the day: runs of one day can be compared. */
export function freshEnd(now: number, path: string): number {
  const today = now - (now % day);
  return today + (Object.values(authorities).includes(path) ? 10 * year : year);
}

/** The files under /etc/kubernetes/pki of a node; kubeconfigs bear their own. */
export function pkiFiles(
  machine: Machine,
  now: number,
): { readonly path: string; readonly content: string; readonly mode?: number }[] {
  const own = machine.isControlPlane
    ? [...Object.values(authorities), ...Object.values(leafCertificates)]
    : [`${pki}/ca.crt`];
  // An external etcd has its own elsewhere.
  const none = machine.etcdEndpoints ? /\/etcd\/(healthcheck-client|peer|server)\.crt$/ : /^never$/;
  const keys = machine.isControlPlane ? Object.keys(authorities).map(keyOf) : [];
  const stacked = keys.filter((path) => !machine.etcdEndpoints || !path.includes('/etcd/'));
  const certificates = own
    .filter((path) => path.endsWith('.crt') && !none.test(path))
    .map((path) => ({
      path,
      content: certificateText(freshEnd(now, path), `CN = ${path.replace(/^.*\/|\.crt$/g, '')}`),
    }));
  return [...certificates, ...stacked.map((path) => ({ path, content: 'a key of the lab\n', mode: 0o600 }))];
}

/** The authority that signs a leaf certificate, by its name. */
export function authorityOf(name: string): string {
  if (name.includes('etcd')) return 'etcd-ca';
  return name.startsWith('front-proxy') ? 'front-proxy-ca' : 'ca';
}

/** The key of an authority. */
export function keyOf(name: string): string {
  return (authorities[name] ?? name).replace(/\.crt$/, '.key');
}

/** When the certificate in a file (or its kubeconfig) ends, in milliseconds since the epoch; undefined: not there. */
export async function certificateEnd(machine: Machine, path: string): Promise<number | undefined> {
  if (!(await machine.fs.exists(path))) return undefined;
  const text = await machine.fs.readFile(path);
  const data = /client-certificate-data: (\S+)/.exec(text)?.[1];
  const time = Date.parse(/notAfter=(.*)/.exec(data === undefined ? text : atob(data))?.[1] ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/** Gives a certificate (by its path, a kubeconfig for its own) another end, to plant a problem or to fix it. */
export async function setCertificateEnd(machine: Machine, path: string, notAfter: number): Promise<void> {
  const { mode } = await machine.fs.stat(path);
  const text = await machine.fs.readFile(path);
  const user = /^- name: (\S+)$/m.exec(text)?.[1] ?? 'kubernetes-admin';
  const changed = path.endsWith('.conf')
    ? text.replace(/client-certificate-data: \S+/, `client-certificate-data: ${clientCertificateData(notAfter, user)}`)
    : text.replace(/notAfter=.*/, `notAfter=${opensslTime(notAfter)}`);
  await machine.fs.writeFile(path, changed);
  await machine.fs.chmod(path, mode);
}

/**
 * As `kubeadm upgrade` and `kubeadm certs renew all` do on a control plane: authorities stay as they are, and so does
 * what an authority without its key signed (cmd/certs.go).
 * @returns which it could not renew
 */
export async function renewCertificates(machine: Machine): Promise<string[]> {
  const external: string[] = [];
  for (const [name, path] of Object.entries(leafCertificates)) {
    if (!(await machine.fs.exists(path))) continue;
    if (await machine.fs.exists(keyOf(authorityOf(name))))
      await setCertificateEnd(machine, path, freshEnd(machine.clock.now(), path));
    else external.push(name);
  }
  return external;
}
