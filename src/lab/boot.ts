import { randomUUID } from 'node:crypto';
import { work } from './clock.ts';
import { becomeDistribution } from './distribution.ts';
import { writeExternalClient, writeExternalEtcd } from './etcd-external.ts';
import { bootEtcd, writeEtcdPrograms } from './etcd-process.ts';
import { bootServices } from './services.ts';
import { startKubelet } from './kubelet-start.ts';
import { putFile, repositoryUrl, writeBootFiles, writeInitialFiles } from './machine-files.ts';
import type { Machine } from './machine.ts';
import { offeredBy } from './offers.ts';
import { minorOf } from './releases.ts';

/** Milliseconds of simulated work. */
const rebootWork = 4000;

/** The files of a fresh machine, as its distribution, the packages and kubeadm leave them. */
export async function writeFiles(machine: Machine, version: string): Promise<void> {
  await writeInitialFiles(machine, version);
  await becomeDistribution(machine, version);
  await writeBootFiles(machine);
  if (machine.distribution === 'debian')
    for (const name of machine.packages.keys()) await putFile(machine, `/var/lib/dpkg/info/${name}.list`, '/.\n');
  if (machine.isControlPlane || machine.role === 'other') await writeEtcdPrograms(machine);
  if (machine.role === 'other') return writeExternalEtcd(machine);
  if (machine.etcdEndpoints && machine.isControlPlane) await writeExternalClient(machine);
  const packages = new Map(Object.entries(offeredBy(machine, minorOf(version)) ?? {}));
  machine.aptLists.set(repositoryUrl(version), packages);
}

/** Kills everything that runs; the machine is gone for a while, and comes back with another boot id. */
export function reboot(machine: Machine): void {
  if (!machine.up) return;
  machine.up = false;
  machine.rebooted = true;
  machine.attempts.interruptAll();
  for (const process of machine.running) process.kill();
  machine.dropConnections();
  void comeBack(machine);
}

async function comeBack(machine: Machine): Promise<void> {
  await work(machine.clock, rebootWork);
  machine.bootId = randomUUID();
  machine.bootedAt = machine.clock.now();
  await machine.fs.rm('/run', { recursive: true, force: true });
  await writeBootFiles(machine);
  for (const pod of machine.staticPods.values()) {
    pod.restarts += 1;
    pod.startedAt = machine.bootedAt;
    pod.readyAt = machine.bootedAt + 1000 / machine.clock.scale;
  }
  machine.up = true;
  bootEtcd(machine);
  bootServices(machine);
  // A machine that is no node of the cluster has none that stays up.
  if (await machine.fs.exists('/etc/kubernetes/kubelet.conf')) await startKubelet(machine, false);
}
