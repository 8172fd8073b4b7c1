import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Bench } from './bench.ts';
import { actionNamed, contextFor, scriptOf, type Setting } from './cluster.ts';

let bench: Bench;

beforeEach(() => {
  bench = new Bench();
  bench.write('members', MEMBERS);
  bench.write('status', STATUS);
  bench.write('configuration', 'etcd:\n  local:\n    dataDir: /var/lib/etcd\n');
  bench.write('kubernetes/manifests/kube-apiserver.yaml', 'kind: Pod\n');
  bench.tool('kubectl', KUBECTL);
  bench.tool('kubeadm', `case "$*" in version*) cat version ;; "join "*) cat "$3" > joined ;; esac`);
});
afterEach(() => {
  bench.remove();
});

const MEMBERS = `aa, started, cp-1.example, https://10.0.0.11:2380, https://10.0.0.11:2379, false
bb, started, cp-2.example, https://10.0.0.12:2380, https://10.0.0.12:2379, false
cc, unstarted, , https://10.0.0.1:2380, , false
`;
const STATUS = `apiEndpoints:
  cp-1.example:
    advertiseAddress: 10.0.0.11
    bindPort: 6443
  cp-2.example:
    advertiseAddress: 10.0.0.12
    bindPort: 6443
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterStatus
`;
/** What the cluster answers. */
const KUBECTL = `case "$*" in
  *ClusterConfiguration*) cat configuration ;;
  *ClusterStatus}*) cat status ;;
  *'get pods'*) printf 'pod/etcd-cp-1.example\\npod/etcd-cp-2.example\\n' ;;
  *'member list'*) cat members ;;
  *'member remove'*)
    for id; do :; done
    [ ! -e refuse ] || { echo 'Error: etcdserver: unhealthy cluster' >&2; exit 1; }
    grep -v "^$id," members > left; mv left members ;;
  *patch*) for patch; do :; done; printf '%s' "$patch" > patch ;;
esac`;

function run(script: string) {
  return bench.run(script.replaceAll('/etc/kubernetes', bench.path('kubernetes')).replace('sleep 3', ':'), {
    RUNBOOK_SECRETS: bench.path('secrets'),
  });
}

function steps(calls: readonly string[]): string[] {
  return calls.flatMap((call) => /member remove \w+|kubeadm reset|patch|delete node \S+/.exec(call)?.[0] ?? []);
}

test('a control plane leaves by another member: its own first, then reset, ClusterStatus and Node object', () => {
  const { code, stderr, calls } = run(scriptOf('remove-control-plane', {}, { node: 'cp-1' }).text);
  expect(code, stderr).toBe(0);
  expect(calls.some((call) => call.includes('exec etcd-cp-1'))).toBe(false);
  expect(steps(calls)).toEqual(['member remove aa', 'kubeadm reset', 'patch', 'delete node cp-1.example']);
  expect(bench.read('members')).toBe(MEMBERS.replace(/^aa.*\n/, ''));
  const { data } = JSON.parse(bench.read('patch')) as { data: { ClusterStatus: string } };
  expect(parse(data.ClusterStatus)).toEqual({
    ...(parse(STATUS) as object),
    apiEndpoints: { 'cp-2.example': { advertiseAddress: '10.0.0.12', bindPort: 6443 } },
  });
});

test('nothing else is removed where etcd keeps its member', () => {
  bench.write('refuse', '');
  const { code, calls, stderr } = run(scriptOf('remove-control-plane', {}, { node: 'cp-1' }).text);
  expect(code).not.toBe(0);
  expect(stderr).toContain('its member of etcd could not be removed');
  expect(calls.join('\n')).not.toMatch(/reset|delete|patch/);
});

test('a member of that name on another machine is left alone', () => {
  bench.write('members', MEMBERS.replaceAll('10.0.0.11', '10.0.0.99'));
  const { code, calls, stderr } = run(scriptOf('remove-control-plane', {}, { node: 'cp-1' }).text);
  expect(code).not.toBe(0);
  expect(stderr).toContain('no address of this machine');
  expect(calls.join('\n')).not.toMatch(/member remove|reset|delete/);
});

test('an external etcd is not asked', () => {
  bench.write('configuration', 'etcd:\n  external:\n    endpoints: [https://10.0.0.31:2379]\n');
  const { code, calls } = run(scriptOf('remove-control-plane', {}, { node: 'cp-1' }).text);
  expect(code).toBe(0);
  expect(calls.join('\n')).not.toContain('etcdctl');
  expect(calls.join('\n')).toContain('kubeadm reset');
});

test.each([
  ['v1.20.2', 'v1beta2'],
  ['v1.22.0', 'v1beta3'],
  ['v1.30.5', 'v1beta3'],
  ['v1.31.9', 'v1beta4'],
  ['v1.37.1', 'v1beta4'],
])('kubeadm %s joins by a configuration of %s, which has the key', (version, api) => {
  bench.write('version', `${version}\n`);
  bench.write('secrets/certificate-key', 'f00d\n');
  rmSync(bench.path('kubernetes/manifests/kube-apiserver.yaml'));
  const port: Setting['cluster'] = (cluster) => ({
    ...cluster,
    apiServers: [{ node: 'cp-2.example', endpoint: '10.0.0.12:8443', version: '1.31.9', ready: true }],
  });
  const { code, stderr, calls } = run(
    scriptOf('join-control-plane', { advertiseAddress: '10.0.0.11' }, { node: 'cp-1', cluster: port }).text,
  );
  expect(code, stderr).toBe(0);
  expect(parse(bench.read('joined'))).toEqual({
    apiVersion: `kubeadm.k8s.io/${api}`,
    kind: 'JoinConfiguration',
    discovery: { file: { kubeConfigPath: bench.path('secrets/discovery.conf') } },
    controlPlane: {
      localAPIEndpoint: { advertiseAddress: '10.0.0.11', bindPort: 8443 },
      certificateKey: 'f00d',
    },
  });
  expect(calls.join('\n')).not.toContain('f00d');
  expect(bench.has('kubernetes/.runbook-joins')).toBe(false);
});

test('a machine of a cluster is not joined', () => {
  bench.write('version', 'v1.31.9\n');
  const { code, stderr, calls } = run(scriptOf('join-control-plane', {}, { node: 'cp-1' }).text);
  expect([code, calls]).toEqual([1, []]);
  expect(stderr).toContain('this machine is part of a cluster already');
});

test("the key is what kubeadm prints, by the cluster's own configuration", () => {
  const key = 'ab'.repeat(32);
  bench.tool('kubeadm', `printf '[upload-certs] Using certificate key:\\n${key}\\n'; cat "$6" > used`);
  const context = contextFor('join-control-plane', {}, { node: 'cp-1' });
  const made = actionNamed('join-control-plane')
    .makes?.(context)
    .find(({ name }) => name === 'certificate-key');
  const { code, stderr, calls } = run(`{ ${made?.script ?? ''} } > '${bench.path('made')}'`);
  expect(code, stderr).toBe(0);
  expect(calls.at(-1)).toMatch(/^kubeadm init phase upload-certs --upload-certs --config \S+$/);
  expect(bench.read('made')).toBe(`${key}\n`);
  expect(bench.read('used')).toContain('dataDir: /var/lib/etcd');
});
