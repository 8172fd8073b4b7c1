import type { Machine } from './machine.ts';
import { writeNodeFiles } from './machine-files.ts';
import type { World } from './world.ts';

const folders = ['/etc/kubernetes/manifests', '/var/lib/kubelet', '/etc/kubernetes/pki'];
const files = [
  'admin.conf',
  'super-admin.conf',
  'kubelet.conf',
  'bootstrap-kubelet.conf',
  'controller-manager.conf',
  'scheduler.conf',
];

/** As `kubeadm reset` on a worker: the kubelet stops, its state and identity are deleted. */
export async function forgetCluster(
  machine: Machine,
): Promise<{ folders: readonly string[]; files: readonly string[] }> {
  machine.kubelet.stoppedAt ??= machine.clock.now();
  for (const folder of folders) {
    if (!(await machine.fs.exists(folder))) continue;
    for (const name of await machine.fs.readdir(folder))
      await machine.fs.rm(`${folder}/${name}`, { recursive: true, force: true });
  }
  for (const name of files) await machine.fs.rm(`/etc/kubernetes/${name}`, { force: true });
  return { folders, files: files.map((name) => `/etc/kubernetes/${name}`) };
}

/** A worker that never joined: its packages are there, and nothing of the cluster. */
export async function makeSpare({ cluster }: World, machine: Machine): Promise<void> {
  await forgetCluster(machine);
  cluster.nodes.delete(machine.name);
  cluster.pods = cluster.pods.filter((pod) => pod.node !== machine.name);
  cluster.tick();
  for (const pod of cluster.pods) pod.createdAt = pod.readyAt = cluster.createdAt;
}

/** What a join leaves on a machine, and in the API. */
export async function becomeMember({ cluster }: World, machine: Machine): Promise<void> {
  await writeNodeFiles(machine);
  cluster.register(machine);
  machine.restartKubelet(false);
}
