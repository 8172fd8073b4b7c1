import { expect, it } from 'vitest';
import type { EtcdImage } from '../../src/lab/etcd-data.ts';
import { readFile } from '../../src/lab/etcd-data.ts';
import { fakeLab } from './rig.ts';

type Rig = Awaited<ReturnType<typeof fakeLab>>;

const etcdctl = '"/proc/$(pidof etcd)/root/usr/local/bin/etcdctl"';
const cluster = (names: readonly string[]) =>
  names.map((name) => `${name}=https://10.10.0.${10 + Number(name.slice(3))}:2380`).join(',');

/** Stops all static pods of a control plane, with the program of etcd's image kept. */
async function stop(rig: Rig, node: string): Promise<void> {
  const { code, stderr } = await rig.run(
    node,
    `set -e
mkdir -p /keep /aside
cp "/proc/$(pidof etcd)/root/usr/local/bin/etcdutl" /keep/etcdutl
mv /etc/kubernetes/manifests/*.yaml /aside/
while pidof etcd || pidof kube-apiserver; do sleep 1; done >/dev/null`,
  );
  expect(code, stderr).toBe(0);
}

function restore(
  rig: Rig,
  node: string,
  members: readonly string[],
  more = '--bump-revision 1000000000 --mark-compacted',
) {
  return rig.run(
    node,
    `/keep/etcdutl snapshot restore /tmp/s.db --data-dir /var/lib/etcd.new --name ${node} --initial-cluster ${cluster(members)} \
--initial-advertise-peer-urls https://10.10.0.${10 + Number(node.slice(3))}:2380 --initial-cluster-token again ${more} &&
mkdir -p /var/lib/etcd.old && mv /var/lib/etcd/member /var/lib/etcd.old/member && mv /var/lib/etcd.new/member /var/lib/etcd/member`,
  );
}

async function start(rig: Rig, node: string): Promise<void> {
  await rig.run(node, 'mv /aside/*.yaml /etc/kubernetes/manifests/; sleep 4');
}

async function snapshot(rig: Rig, nodes: readonly string[]): Promise<void> {
  const { stderr, code } = await rig.run('cp-1', `${etcdctl} snapshot save /tmp/s.db`);
  expect(code, stderr).toBe(0);
  const bytes = await rig.lab.world.machines[0]?.fs.readFileBuffer('/tmp/s.db');
  for (const node of nodes) {
    const machine = rig.lab.world.machines.find((one) => one.name === node);
    await machine?.fs.writeFile('/tmp/s.db', bytes ?? '');
  }
}

async function namespaces(rig: Rig): Promise<string> {
  return (await rig.run('cp-1', 'kubectl get namespaces -o name')).stdout;
}

it('brings the objects of a snapshot back on one member, with pods of its workloads and a revision that was bumped', async () => {
  const rig = await fakeLab({ controlPlanes: 1, workers: 1 });
  await snapshot(rig, []);
  await rig.run('cp-1', 'kubectl delete namespace demo; kubectl create namespace later');
  expect(await namespaces(rig)).not.toContain('demo');
  await stop(rig, 'cp-1');
  expect((await rig.run('cp-1', 'kubectl get nodes')).code).toBe(1);
  const restored = await restore(rig, 'cp-1', ['cp-1']);
  expect(restored.code, restored.stderr).toBe(0);
  await start(rig, 'cp-1');
  expect(await namespaces(rig)).toContain('demo');
  expect(await namespaces(rig)).not.toContain('later');
  const pods = await rig.run('cp-1', 'kubectl -n demo get pods -o name');
  expect(pods.stdout).toContain('pod/web-');
  const { stdout } = await rig.run('cp-1', `${etcdctl} endpoint status -w json`);
  expect(Number(/"revision":(\d+)/.exec(stdout)?.[1])).toBeGreaterThan(1_000_000_000);
});

it('answers again once a majority of three members runs from the same snapshot, and keeps a member with old data out', async () => {
  const rig = await fakeLab({ workers: 1 });
  const nodes = ['cp-1', 'cp-2', 'cp-3'];
  await snapshot(rig, nodes);
  await rig.run('cp-1', 'kubectl delete namespace demo');
  for (const node of nodes) await stop(rig, node);
  for (const node of nodes.slice(0, 2)) expect((await restore(rig, node, nodes)).code).toBe(0);
  await start(rig, 'cp-1');
  expect((await rig.run('cp-1', 'kubectl get nodes')).stderr).toContain('etcdserver: request timed out');
  await start(rig, 'cp-3');
  expect((await rig.run('cp-1', 'kubectl get nodes')).code).toBe(1);
  await start(rig, 'cp-2');
  expect(await namespaces(rig)).toContain('demo');
});

it('restores into no folder that holds something, under no foreign name, and from no damaged file', async () => {
  const rig = await fakeLab({ controlPlanes: 1, workers: 0 });
  await snapshot(rig, []);
  await stop(rig, 'cp-1');
  await rig.run('cp-1', 'mkdir -p /var/lib/etcd.new; touch /var/lib/etcd.new/x');
  expect((await restore(rig, 'cp-1', ['cp-1'])).stderr).toContain('not empty');
  await rig.run('cp-1', 'rm -rf /var/lib/etcd.new');
  expect((await restore(rig, 'cp-1', ['cp-2'])).stderr).toContain("couldn't find local name");
  await rig.run('cp-1', "sed -i 's/demo/dome/' /tmp/s.db");
  expect((await restore(rig, 'cp-1', ['cp-1'])).code).toBe(1);
});

it('bumps revisions from the patches of etcd on that can', async () => {
  const code = async (etcd: string) => {
    const rig = await fakeLab({ controlPlanes: 1, workers: 0, etcd });
    await snapshot(rig, []);
    const words = 'snapshot restore /tmp/s.db --data-dir /tmp/n --initial-cluster default=http://localhost:2380';
    return (await rig.run('cp-1', `${etcdctl} ${words} --bump-revision 5 --mark-compacted`)).code;
  };
  expect(await Promise.all(['3.4.13', '3.5.0', '3.5.10', '3.6.4'].map(code))).toEqual([1, 1, 0, 1]);
});

it('knows no bump of revisions in an old etcdctl, and no etcdctl on the machine itself', async () => {
  const rig = await fakeLab({ controlPlanes: 1, workers: 0, etcd: '3.4.13' });
  await snapshot(rig, []);
  const bumped = await rig.run('cp-1', `${etcdctl} snapshot restore /tmp/s.db --data-dir /tmp/n --bump-revision 5`);
  expect(bumped.stderr).toContain('unknown flag: --bump-revision');
  expect((await rig.run('cp-1', 'command -v etcdctl etcdutl')).stdout).toBe('');
  const status = await rig.run('cp-1', `${etcdctl} snapshot status /tmp/s.db -w json`);
  expect(JSON.parse(status.stdout)).toMatchObject({ revision: expect.any(Number), totalKey: expect.any(Number) });
});

it('seals what it saves with the hash of its content', async () => {
  const rig = await fakeLab({ controlPlanes: 1, workers: 0 });
  await snapshot(rig, []);
  const bytes = await rig.lab.world.machines[0]?.fs.readFileBuffer('/tmp/s.db');
  const { image, sealed }: { image?: EtcdImage; sealed?: boolean } = readFile(bytes ?? new Uint8Array());
  expect(sealed).toBe(true);
  expect(image?.namespaces).toContain('demo');
});
