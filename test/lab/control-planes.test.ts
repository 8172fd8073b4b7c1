import { expect, it } from 'vitest';
import { readClusterFacts } from '../../src/facts/read.ts';
import { parseFaultEffect } from '../../src/lab/audit.ts';
import { membershipPhases } from '../../src/lab/tools/kubeadm-phases.ts';
import { fakeLab } from './rig.ts';

type Rig = Awaited<ReturnType<typeof fakeLab>>;

const tokenFile = '/run/discovery.conf';

/** Makes what a join needs, and writes it on the machine that joins. */
async function invite(lab: Rig, node: string): Promise<string> {
  const token = (await lab.run('cp-1', 'kubeadm token create --ttl 30m')).stdout.trim();
  const uploaded = await lab.run('cp-1', 'kubeadm init phase upload-certs --upload-certs');
  const key = uploaded.stdout.trim().split('\n').at(-1) ?? '';
  await lab.run(node, `cat > ${tokenFile}`, 0, `users:\n- name: join\n  user: {token: ${token}}\n`);
  return key;
}

function config(key: string, version = 'v1beta4'): string {
  return `apiVersion: kubeadm.k8s.io/${version}
kind: JoinConfiguration
discovery:
  file:
    kubeConfigPath: ${tokenFile}
controlPlane:
  certificateKey: ${key}
`;
}

async function join(lab: Rig, node: string, text: string) {
  await lab.run(node, 'cat > /run/join.yaml', 0, text);
  return lab.run(node, 'kubeadm join --config /run/join.yaml');
}

async function membersOf(lab: Rig): Promise<string[]> {
  const { etcd } = await readClusterFacts((script) => lab.run('cp-1', script), ['etcd'], {
    kubeconfig: '/etc/kubernetes/admin.conf',
  });
  return (etcd?.members ?? []).map(({ name, healthy, learner }) => `${name} ${healthy} ${learner}`);
}

async function memberId(lab: Rig, name: string): Promise<string> {
  const list = await etcdctl(lab, 'member list');
  return new RegExp(`^([0-9a-f]+), \\w+, ${name},`, 'm').exec(list.stdout)?.[1] ?? '';
}

function etcdctl(lab: Rig, words: string) {
  return lab.run('cp-1', `kubectl -n kube-system exec etcd-cp-1 -c etcd -- etcdctl ${words}`);
}

const three = ['cp-1 true false', 'cp-2 true false', 'cp-3 true false'];

it('joins a control plane by a file, with a member of etcd, static pods, and a Node object in the role', async () => {
  const lab = await fakeLab({ spareControlPlanes: 1 });
  expect(await membersOf(lab)).toEqual(three);
  const joined = await join(lab, 'cp-4', config(await invite(lab, 'cp-4')));
  expect(joined.code, joined.stderr).toBe(0);
  expect(joined.stdout).toContain('a new control plane instance was created');
  await lab.clock.run(lab.clock.sleep(5000));
  expect(await membersOf(lab)).toEqual([...three, 'cp-4 true false']);
  const nodes = await lab.run('cp-4', 'kubectl --server https://10.10.0.14:6443 get nodes cp-4 --no-headers');
  expect(nodes.stdout).toMatch(/^cp-4 +Ready +control-plane /);
  const pods = await lab.run('cp-1', 'kubectl -n kube-system get pods --no-headers');
  for (const name of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
    expect(pods.stdout).toMatch(new RegExp(`^${name}-cp-4 +1/1 +Running`, 'm'));
});

it('joins by flags too, and without a member where etcd is external', async () => {
  const lab = await fakeLab({ spareControlPlanes: 1, externalEtcd: 3 });
  const key = await invite(lab, 'cp-4');
  const words = `kubeadm join 10.10.0.10:6443 --control-plane --certificate-key ${key} --discovery-file ${tokenFile}`;
  const joined = await lab.run('cp-4', words);
  expect(joined.code, joined.stderr).toBe(0);
  expect(joined.stdout).not.toContain('etcd member');
  const { nodes } = await lab.lab.state();
  expect(Object.keys(nodes.find(({ name }) => name === 'cp-4')?.staticPods ?? {})).not.toContain('etcd');
});

it.each([
  ['a wrong key', (key: string) => config(key.replaceAll(/[0-9]/g, 'a')), /message authentication failed/],
  ['no key', () => config('').replace(/\n +certificateKey.*/, ' {}'), /certificate key is missing/],
  ['an older API than kubeadm reads', (key: string) => config(key, 'v1beta2'), /uses an old API spec/],
  ['one that it does not know yet', (key: string) => config(key, 'v1beta5'), /no kind "JoinConfiguration"/],
])('refuses to join by %s', async (_, text, says) => {
  const lab = await fakeLab({ spareControlPlanes: 1 });
  const joined = await join(lab, 'cp-4', text(await invite(lab, 'cp-4')));
  expect(joined.code).not.toBe(0);
  expect(joined.stderr).toMatch(says);
  expect(await membersOf(lab)).toEqual(three);
});

it('refuses an expired token, an expired key, another minor, a dead member and data that are there', async () => {
  const lab = await fakeLab({ spareControlPlanes: 1 });
  const { extras } = lab.lab.world.cluster;
  const text = config(await invite(lab, 'cp-4'));
  const refused = async () => (await join(lab, 'cp-4', text)).stderr;
  const [token] = extras.tokens;
  const until = token?.until ?? 0;
  if (token) token.until = 0;
  expect(await refused()).toContain("couldn't validate the identity of the API Server");
  if (token) token.until = until;

  const uploaded = extras.uploadedCertificates;
  extras.uploadedCertificates = { key: uploaded?.key ?? '', until: 0 };
  expect(await refused()).toContain('was not found in the "kube-system" Namespace');
  if (uploaded) extras.uploadedCertificates = uploaded;

  const spare = lab.lab.world.machines.find(({ name }) => name === 'cp-4');
  const own = spare?.packages.get('kubeadm');
  spare?.packages.set('kubeadm', { revision: '1.30.5-1.1', state: 'i', held: true });
  expect(await refused()).toContain('no kind "JoinConfiguration" is registered');
  if (own) spare?.packages.set('kubeadm', own);

  await lab.run('cp-4', 'echo old > /var/lib/etcd/member');
  expect(await refused()).toContain('/var/lib/etcd is not empty');
  await lab.run('cp-4', 'rm /var/lib/etcd/member');

  const dead = lab.lab.world.machines.find(({ name }) => name === 'cp-3');
  if (dead) dead.etcd.dead = true;
  expect(await refused()).toContain('etcd cluster is not healthy: failed to dial endpoint https://10.10.0.13:2379');
});

it('resets a control plane and takes its member out, but leaves its Node object', async () => {
  const lab = await fakeLab();
  const reset = await lab.run('cp-3', 'kubeadm reset --force');
  expect(reset.code, reset.stderr).toBe(0);
  expect(await membersOf(lab)).toEqual(three.slice(0, 2));
  const { nodes, cluster } = await lab.lab.state();
  expect(nodes.find(({ name }) => name === 'cp-3')).toMatchObject({ member: true, staticPods: {} });
  expect(cluster.etcdMembers.map(({ node }) => node)).toEqual(['cp-1', 'cp-2']);
});

it('resets a control plane that reaches no API server, whose member then stays and blocks its next join', async () => {
  const lab = await fakeLab({ spareControlPlanes: 1 });
  const key = await invite(lab, 'cp-3');
  await lab.run('cp-3', 'rm /etc/kubernetes/admin.conf');
  expect((await lab.run('cp-3', 'kubeadm reset --force')).stderr).toContain('Unable to fetch the kubeadm-config');
  expect(await membersOf(lab)).toContain('cp-3 false false');
  await lab.run('cp-1', 'kubectl delete node cp-3');
  expect((await join(lab, 'cp-3', config(key))).stderr).toContain('etcd cluster is not healthy');
  const removed = await etcdctl(lab, `member remove ${await memberId(lab, 'cp-3')}`);
  expect(removed.stdout).toMatch(/^Member [ 0-9a-f]{16} removed from cluster/);
  await lab.run('cp-3', 'kubeadm reset --force');
  const joined = await join(lab, 'cp-3', config(key));
  expect(joined.code, joined.stderr).toBe(0);
});

it('removes no member without which etcd has no quorum, and not the last', async () => {
  const lab = await fakeLab();
  const dead = lab.lab.world.machines.find(({ name }) => name === 'cp-3');
  if (dead) dead.etcd.dead = true;
  const refused = await etcdctl(lab, `member remove ${await memberId(lab, 'cp-2')}`);
  expect([refused.code, refused.stderr]).toEqual([1, 'Error: etcdserver: unhealthy cluster\n']);
  expect((await etcdctl(lab, `member remove ${await memberId(lab, 'cp-3')}`)).code).toBe(0);
  expect((await etcdctl(lab, `member remove ${await memberId(lab, 'cp-2')}`)).code).toBe(0);
  const last = await etcdctl(lab, `member remove ${await memberId(lab, 'cp-1')}`);
  expect(last.stderr).toContain('not enough started members');
  expect((await etcdctl(lab, 'member remove abc')).stderr).toContain('member not found');
});

it('a join that ends in a phase leaves what it has done by then, and its member that never started', async () => {
  const lab = await fakeLab({ spareControlPlanes: 1 });
  const text = config(await invite(lab, 'cp-4'));
  const phases = membershipPhases.slice(0, membershipPhases.indexOf('remove-etcd-member'));
  for (const phase of phases) {
    const effect = parseFaultEffect('exit:137');
    if (effect) lab.lab.addFault('cp-4', { on: /kubeadm join/, phase, effect, times: 1 });
    expect((await join(lab, 'cp-4', text)).code, phase).toBe(137);
    const node = (await lab.lab.state()).nodes.find(({ name }) => name === 'cp-4');
    expect(node?.member, phase).toBe(phases.indexOf(phase) > phases.indexOf('kubelet-start'));
    const list = await etcdctl(lab, 'member list');
    if (phase === 'etcd-start') expect(list.stdout).toMatch(/unstarted, , https:\/\/10\.10\.0\.14:2380/);
    expect(list.stdout.includes('10.10.0.14'), phase).toBe(phases.indexOf(phase) > phases.indexOf('etcd-join'));
    const id = /^([0-9a-f]+), .*10\.10\.0\.14/m.exec(list.stdout)?.[1];
    if (id !== undefined) await etcdctl(lab, `member remove ${id}`);
    await lab.run('cp-4', 'kubeadm reset --force');
    await lab.run('cp-1', 'kubectl delete node cp-4 --ignore-not-found');
  }
  expect((await join(lab, 'cp-4', text)).code).toBe(0);
});
