import { asControlPlane } from './api-node.ts';
import { writeExternalClient } from './etcd-external.ts';
import { writeEtcdPrograms } from './etcd-process.ts';
import type { Machine } from './machine.ts';
import { writeControlPlaneIdentity, writeNodeFiles } from './machine-files.ts';
import type { World } from './world.ts';

const etcdData = '/var/lib/etcd';
const files = [
  'admin.conf',
  'super-admin.conf',
  'kubelet.conf',
  'bootstrap-kubelet.conf',
  'controller-manager.conf',
  'scheduler.conf',
];

/** As `kubeadm reset`: the kubelet stops, pods end, its state and identity are deleted; a member of etcd may stay. */
export async function forgetCluster(
  machine: Machine,
): Promise<{ folders: readonly string[]; files: readonly string[] }> {
  machine.stopKubelet();
  const stacked = machine.role === 'control-plane' && machine.etcdEndpoints === undefined;
  const folders = [
    '/etc/kubernetes/manifests',
    '/var/lib/kubelet',
    '/etc/kubernetes/pki',
    ...(stacked ? [etcdData] : []),
  ];
  for (const folder of folders) {
    if (!(await machine.fs.exists(folder))) continue;
    for (const name of await machine.fs.readdir(folder))
      await machine.fs.rm(`${folder}/${name}`, { recursive: true, force: true });
  }
  for (const name of files) await machine.fs.rm(`/etc/kubernetes/${name}`, { force: true });
  machine.staticPods.clear();
  machine.isControlPlane = false;
  return { folders, files: files.map((name) => `/etc/kubernetes/${name}`) };
}

/** A machine that never joined: its packages are there, and nothing of the cluster. */
export async function makeSpare({ cluster }: World, machine: Machine): Promise<void> {
  await forgetCluster(machine);
  machine.etcd.membership = 'none';
  cluster.nodes.delete(machine.name);
  cluster.pods.keep((pod) => pod.node !== machine.name);
  cluster.tick();
  cluster.settle();
}

/** What a join leaves on a machine, and in the API. */
export async function becomeMember({ cluster }: World, machine: Machine): Promise<void> {
  await writeNodeFiles(machine);
  cluster.register(machine);
  machine.restartKubelet(false);
}

/** What a control plane has before its kubelet starts. */
export async function prepareControlPlane(machine: Machine): Promise<void> {
  machine.isControlPlane = true;
  await writeControlPlaneIdentity(machine);
  await writeEtcdPrograms(machine);
  if (machine.etcdEndpoints) await writeExternalClient(machine);
}

/** Gives its Node object the role. */
export function labelControlPlane({ cluster }: World, machine: Machine): void {
  const node = cluster.nodes.get(machine.name);
  if (node) cluster.nodes.set(node.name, asControlPlane(node));
}
