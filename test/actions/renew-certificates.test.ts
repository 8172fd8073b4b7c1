import { expect, onTestFinished, test } from 'vitest';
import type { ActionContext } from '../../src/actions/action.ts';
import { renewCertificates } from '../../src/actions/renew-certificates.ts';
import type { CertificatesFact } from '../../src/facts/certificates.ts';
import type { Facts } from '../../src/facts/facts.ts';
import { Bench } from './bench.ts';

const DAY = 86_400;
const PKI = '/etc/kubernetes/pki';

function facts(certificates: CertificatesFact): Facts {
  const server = { node: 'cp-1', endpoint: 'https://10.0.0.1:6443', version: '1.31.9', ready: true };
  return { nodes: { 'cp-1': { certificates } }, cluster: { apiServers: [server] } };
}

function context(certificates: CertificatesFact, within = 90): ActionContext<{ within: number }> {
  const node = { name: 'cp-1', host: '10.0.0.1', role: 'control-plane' } as const;
  const settings = { kubeconfig: '/etc/kubernetes/admin.conf' };
  return { with: { within }, node, nodes: [node], facts: facts(certificates), settings, run: 'RUN' };
}

/** The script on a bench whose folders stand for the machine's; `etcd` and the API server run, the latter comes back when it is ended. */
function run(manifests: readonly string[], certificates: CertificatesFact = { files: [] }, kubeadm = 'true') {
  const bench = new Bench();
  onTestFinished(() => bench.remove());
  for (const name of manifests) bench.write(`etc/manifests/${name}.yaml`, '');
  bench.write('run/.keep', '');
  bench.write('etc/admin.conf', 'client-certificate-data: b2xk\n');
  bench.write('etc/pki/apiserver.crt', 'old\n');
  bench.tool('kubeadm', `cd '${bench.path('etc')}' && ${kubeadm}`);
  bench.tool('openssl', 'cat');
  bench.tool('sleep');
  bench.tool(
    'pidof',
    'case $1 in etcd) echo 999 111 ;; kube-apiserver) cat ended 2>/dev/null || echo 222 ;; *) exit 1 ;; esac',
  );
  const text = renewCertificates.script?.(context(certificates)).text ?? '';
  const own = '0::/kubepods/burstable/pod8d0a1c5e7f9b42d38e6a5c4b3f2e1d0c/1\n';
  for (const pid of [111, 222, 333]) bench.write(`proc/${pid}/cgroup`, own);
  bench.write('proc/999/cgroup', '0::/kubepods/besteffort/pod4f1d2c3b-5a69-4788-9a0b-c1d2e3f4a5b6/1\n');
  const here = text
    .replaceAll('/etc/kubernetes', bench.path('etc'))
    .replaceAll('/run/', `${bench.path('run')}/`)
    .replaceAll('/var/log/pods', bench.path('logs'))
    .replaceAll('/proc/', `${bench.path('proc')}/`);
  const kill = `kill() { echo "kill $*" >>'${bench.path('calls')}'; [ "$1" != 222 ] || echo 333 >'${bench.path('ended')}'; }`;
  const { code, calls } = bench.run(`${kill}\n${here}`);
  return { code, killed: calls.filter((line) => line.startsWith('kill ')), mark: bench.files('run').length > 1 };
}

test('an etcd that systemd runs on a control plane is not ended: kubeadm has renewed nothing of it', () => {
  expect(run(['kube-apiserver'])).toEqual({ code: 0, killed: ['kill 222'], mark: false });
});

const BOTH: CertificatesFact = {
  now: 0,
  keys: [`${PKI}/ca.key`],
  files: [
    { path: `${PKI}/apiserver.crt`, notAfter: DAY },
    { path: '/etc/kubernetes/admin.conf', notAfter: DAY },
    { path: `${PKI}/front-proxy-client.crt`, notAfter: 300 * DAY },
  ],
};
const renews = {
  all: "echo new >pki/apiserver.crt; sed -i 's/b2xk/bmV3/' admin.conf",
  one: 'echo new >pki/apiserver.crt',
};

test('nothing is restarted where kubeadm exits with 0 and has renewed nothing, or not all', () => {
  const manifests = ['kube-apiserver'];
  expect(run(manifests, BOTH)).toEqual({ code: 1, killed: [], mark: false });
  expect(run(manifests, BOTH, renews.one)).toEqual({ code: 1, killed: [], mark: true });
  expect(run(manifests, BOTH, renews.all)).toEqual({ code: 0, killed: ['kill 222'], mark: false });
});

test('what an authority without its key signed is not expected to be renewed, and due all the same', () => {
  const later = (days: number): CertificatesFact => ({
    ...BOTH,
    files: BOTH.files.map((file) => (file.path.includes('front-proxy') ? file : { ...file, notAfter: days * DAY })),
  });
  expect(renewCertificates.verify?.(context(later(365)), facts(BOTH))).toMatchObject({ done: true });
  expect(renewCertificates.isDone(context(later(365)))).toMatchObject({ done: true });
  expect(renewCertificates.isDone(context(later(365), 310))).toMatchObject({ done: false });
});

test('renewed, but not in use everywhere, is not done: a resume goes on although nothing ends soon', () => {
  expect(run(['etcd', 'kube-apiserver'])).toEqual({ code: 1, killed: ['kill 111'], mark: true });
  const renewed = { now: 0, files: [{ path: `${PKI}/apiserver.crt`, notAfter: 365 * DAY }] };
  expect(renewCertificates.isDone(context(renewed)).done).toBe(true);
  expect(renewCertificates.isDone(context({ ...renewed, unfinished: true })).done).toBe(false);
});

test("with an external etcd its client certificate is not kubeadm's to renew, nor is one that others put there", () => {
  const at = (own: number): CertificatesFact => ({
    now: 0,
    etcdElsewhere: true,
    files: [
      { path: `${PKI}/apiserver.crt`, notAfter: own * DAY },
      { path: `${PKI}/apiserver-etcd-client.crt`, notAfter: 30 * DAY },
      { path: `${PKI}/oidc.crt`, notAfter: 30 * DAY },
    ],
  });
  expect(renewCertificates.verify?.(context(at(365)), facts(at(30)))).toMatchObject({ done: true });
  expect(renewCertificates.isDone(context(at(365)))).toMatchObject({ done: true });
  const stacked = { ...at(365), files: [{ path: `${PKI}/apiserver-etcd-client.crt`, notAfter: 30 * DAY }] };
  const { etcdElsewhere: _, ...own } = stacked;
  expect(renewCertificates.isDone(context(own)).done).toBe(false);
});
