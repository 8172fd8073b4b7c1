import { expect, it } from 'vitest';
import { bindStep } from '../../src/actions/bound-step.ts';
import { drain } from '../../src/actions/drain.ts';
import type { ClusterFactId, Facts, NodeFactId } from '../../src/facts/facts.ts';
import { readClusterFacts, readNodeFacts } from '../../src/facts/read.ts';
import { checkRun, checkStep } from '../../src/guards/registry.ts';
import { setCertificateEnd } from '../../src/lab/certificates.ts';
import { webhookFor } from '../../src/lab/cluster-extras.ts';
import { putFile } from '../../src/lab/machine-files.ts';
import type { Machine } from '../../src/lab/machine.ts';
import { fakeLab } from './rig.ts';

const options = { kubeconfig: '/etc/kubernetes/admin.conf' };
const nodeIds: NodeFactId[] = [
  'machine',
  'kubelet',
  'binaries',
  'staticPods',
  'certificates',
  'adminConf',
  'deprecatedApis',
  'manifests',
];
const clusterIds: ClusterFactId[] = ['nodes', 'pods', 'apiServers', 'kubeadmConfig', 'etcd', 'coreDns', 'webhooks'];
const ids = [
  'etcd-health',
  'certificates',
  'admin-conf',
  'deprecated-apis',
  'emulation',
  'static-pods-edited',
  'coredns',
  'webhooks',
  'skew-controllers',
  'skew-kubectl',
  'skew-kubelet-behind',
];

type Opened = Awaited<ReturnType<typeof fakeLab>>;

function machineOf({ lab }: Opened, name: string): Machine {
  const machine = lab.world.machines.find((candidate) => candidate.name === name);
  if (!machine) throw new Error(`no ${name}`);
  return machine;
}

async function read({ lab, run }: Opened): Promise<Facts> {
  const nodes: Record<string, Facts['nodes'][string]> = {};
  for (const { name } of lab.world.machines) {
    nodes[name] = await readNodeFacts((script) => run(name, script), nodeIds, options);
  }
  return { nodes, cluster: await readClusterFacts((script) => run('cp-1', script), clusterIds, options) };
}

async function findings(opened: Opened) {
  const before = await read(opened);
  const nodes = opened.lab.world.machines.map(({ name, role, ip }) => ({ name, role, host: ip }));
  return { before, nodes, found: checkRun({ nodes, before, after: before }, ids) };
}

const year = 365 * 86_400_000;

it('has nothing that these guards find, all of it being read', async () => {
  const { before, found } = await findings(await fakeLab());
  expect(found).toEqual([]);
  expect(before.nodes['cp-1']?.certificates?.files).toHaveLength(14);
  expect(before.nodes['worker-1']?.certificates?.files.map(({ path }) => path)).toEqual([
    '/etc/kubernetes/pki/ca.crt',
    '/var/lib/kubelet/pki/kubelet-client-current.pem',
  ]);
  expect(before.nodes['cp-2']?.adminConf).toEqual({ present: true, admin: true });
  expect(before.nodes['worker-1']?.adminConf).toEqual({ present: false });
  expect(before.nodes['cp-3']?.manifests?.['etcd']?.flags).toContainEqual({ name: 'name', value: 'cp-3' });
  expect(before.cluster?.coreDns?.resources?.limits).toEqual({ memory: '170Mi' });
  expect(before.cluster?.webhooks).toEqual([]);
});

it('shows each problem that is planted in it', async () => {
  const opened = await fakeLab();
  const { cluster } = opened.lab.world;
  const first = machineOf(opened, 'cp-1');
  const now = first.clock.now();
  await setCertificateEnd(first, '/etc/kubernetes/pki/apiserver.crt', now - 86_400_000);
  await setCertificateEnd(machineOf(opened, 'cp-2'), '/etc/kubernetes/scheduler.conf', now + 10 * 86_400_000);
  await setCertificateEnd(first, '/etc/kubernetes/pki/etcd/ca.crt', now + year / 2);
  cluster.extras.adminMayAll = false;
  cluster.extras.corefile = cluster.extras.corefile.replace('loop', 'unbound');
  cluster.extras.coreDnsResources.limits['memory'] = '512Mi';
  cluster.extras.webhooks = [webhookFor({ app: 'nobody' }, 'silent'), webhookFor({ app: 'web' }, 'policy')];
  machineOf(opened, 'cp-3').deprecatedRequests = [
    { group: 'flowcontrol.apiserver.k8s.io', version: 'v1beta3', resource: 'flowschemas', removedRelease: '1.32' },
  ];
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
  const text = await first.fs.readFile(manifest);
  await putFile(
    first,
    manifest,
    text.replace('    - kube-apiserver\n', '    - kube-apiserver\n    - --emulated-version=1.30\n'),
    0o600,
  );

  const { before, nodes, found } = await findings(opened);
  const told = found.map(({ guard, severity, node, summary }) => `${severity} ${guard} ${node ?? '-'}: ${summary}`);
  expect(told).toEqual([
    'refuse certificates cp-1: the certificate /etc/kubernetes/pki/apiserver.crt of cp-1 ended on 2025-12-31',
    expect.stringContaining(
      'note certificates cp-1: the certificate /etc/kubernetes/pki/etcd/ca.crt of cp-1 ends in 18',
    ),
    expect.stringContaining('note certificates cp-2: the certificate /etc/kubernetes/scheduler.conf of cp-2 ends in'),
    'refuse admin-conf cp-1: /etc/kubernetes/admin.conf of cp-1 may not do everything in the cluster',
    'refuse admin-conf cp-2: /etc/kubernetes/admin.conf of cp-2 may not do everything in the cluster',
    'refuse admin-conf cp-3: /etc/kubernetes/admin.conf of cp-3 may not do everything in the cluster',
    'warn deprecated-apis -: a client asks for flowcontrol.apiserver.k8s.io/v1beta3 flowschemas, which 1.32 takes away (seen by the API server of cp-3)',
    'warn emulation cp-1: kube-apiserver of cp-1 has --emulated-version=1.30: the version that it says is not the one that counts',
    'warn static-pods-edited cp-1: the static pod kube-apiserver of cp-1 has what kubeadm-config does not say: --emulated-version=1.30',
    expect.stringContaining('warn coredns -: the Corefile of CoreDNS has plugins that kubeadm cannot migrate: unbound'),
    'warn coredns -: the Deployment of CoreDNS has resources of its own: limits memory 512Mi (kubeadm: 170Mi)',
    'warn webhooks -: the webhook silent.example.com (ValidatingWebhookConfiguration silent) must answer for pods, but demo/silent has no ready pod',
  ]);

  const web = before.cluster?.pods?.filter((pod) => pod.labels['app'] === 'web').map((pod) => pod.node) ?? [];
  expect(new Set(web).size).toBe(2);
  const pods = before.cluster?.pods?.filter((pod) => pod.labels['app'] !== 'web' || pod.node === 'worker-1') ?? [];
  const alone = { ...before, cluster: { ...before.cluster, pods } };
  const node = nodes.find(({ name }) => name === 'worker-1');
  if (!node) throw new Error('no worker-1');
  const step = bindStep('s', node, drain, {});
  expect(checkStep({ nodes, before: alone, after: alone, step }, ['webhooks'])).toMatchObject([
    { severity: 'warn', node: 'worker-1', summary: expect.stringContaining('webhook policy.example.com') },
  ]);
});

it('renews the certificates of a control plane that kubeadm upgrades, and forgets what its API server was asked for', async () => {
  const opened = await fakeLab();
  const first = machineOf(opened, 'cp-1');
  const end = first.clock.now() + 5 * 86_400_000;
  for (const path of [
    '/etc/kubernetes/pki/apiserver.crt',
    '/etc/kubernetes/admin.conf',
    '/etc/kubernetes/pki/ca.crt',
  ]) {
    await setCertificateEnd(first, path, end);
  }
  first.deprecatedRequests = [{ group: '', version: 'v1', resource: 'old', removedRelease: '1.32' }];
  const kubeadm = first.packages.get('kubeadm');
  if (kubeadm) kubeadm.revision = '1.32.9-1.1';
  const before = (await read(opened)).nodes['cp-1'];
  expect(before?.deprecatedApis).toHaveLength(1);
  const { code, stderr } = await opened.run('cp-1', 'kubeadm upgrade apply -y v1.32.9');
  expect(code, stderr).toBe(0);
  const after = (await read(opened)).nodes['cp-1'];
  expect(after?.deprecatedApis).toEqual([]);
  const ends = new Map(after?.certificates?.files.map(({ path, notAfter }) => [path, notAfter]));
  expect(ends.get('/etc/kubernetes/pki/apiserver.crt')).toBeGreaterThan(end / 1000 + 300 * 86_400);
  expect(ends.get('/etc/kubernetes/admin.conf')).toBeGreaterThan(end / 1000 + 300 * 86_400);
  expect(ends.get('/etc/kubernetes/pki/ca.crt')).toBe(end / 1000);
  expect((await opened.run('cp-1', 'kubeadm certs check-expiration')).stdout).toMatch(/apiserver +Jan 01, 2027 .*364d/);
});
