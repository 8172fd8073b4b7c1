import { fillFolder, leaveRoom } from '../disks.ts';
import { holdPackageLock } from '../package-locks.ts';
import { putFile, systemUuidFile, writeBootFiles } from '../machine-files.ts';
import type { Machine } from '../machine.ts';
import { osUpdatesFile } from '../tools/os-updates.ts';
import type { TwinNodeFacts } from './document.ts';

/** What the machine's operating system shows: its name, kernel, disks, clock, logins. */
export async function writeSystem(machine: Machine, facts: TwinNodeFacts): Promise<void> {
  const { os, clock, proxyVariables, machine: own } = facts;
  if (os) await writeOs(machine, os);
  if (own?.initStart !== undefined) machine.initStart = own.initStart;
  // Containers and small boards have none.
  if (own && own.systemUuid === undefined) await machine.fs.rm(systemUuidFile, { force: true });
  if (clock?.least !== undefined && clock.most !== undefined) machine.clockAhead = aheadIn(clock.least, clock.most);
  if (proxyVariables) machine.environment = Object.fromEntries(proxyVariables.map(({ name, value }) => [name, value]));
  await writeKernel(machine, facts);
  await writeBootFiles(machine);
  await writeReboot(machine, facts);
  await writeDisks(machine, facts);
  if (facts.osUpdates)
    await putFile(machine, osUpdatesFile, facts.osUpdates.pending.map((name) => `${name} 1 2\n`).join(''));
  const lock = facts.packageState?.lock;
  if (lock) await holdPackageLock(machine, lock.command, lock);
}

/** Milliseconds: nothing, where that is within the range of what was measured (in seconds). */
function aheadIn(least: number, most: number): number {
  return least <= 0 && most >= 0 ? 0 : Math.round(((least + most) / 2) * 1000);
}

async function writeOs(machine: Machine, os: NonNullable<TwinNodeFacts['os']>): Promise<void> {
  const fields = {
    PRETTY_NAME: os.prettyName,
    VERSION_ID: os.versionId,
    ID: os.id,
    ...(os.idLike.length > 0 ? { ID_LIKE: os.idLike.join(' ') } : {}),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}="${value.replaceAll(/(["$`\\])/g, '\\$1')}"\n`);
  await putFile(machine, '/etc/os-release', lines.join(''));
}

const unified = '/sys/fs/cgroup/cgroup.controllers';

async function writeKernel(machine: Machine, { kernel }: TwinNodeFacts): Promise<void> {
  if (!kernel) return;
  if (kernel.cgroup === 'v1') await machine.fs.rm(unified, { force: true });
  const rows = kernel.swaps.map(({ name, bytes }) => `${name}  partition\t${bytes / 1024}\t\t0\t\t-2\n`);
  await putFile(machine, '/proc/swaps', `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join('')}`, 0o444);
  for (const socket of machine.sockets) await machine.fs.rm(socket, { force: true });
  machine.sockets = kernel.sockets;
  for (const socket of machine.sockets) await putFile(machine, socket, '', 0o660);
}

async function writeReboot(machine: Machine, { reboot }: TwinNodeFacts): Promise<void> {
  if (!reboot) return;
  const [, newest, running] = /^kernel (\S+) is installed, (\S+) runs$/.exec(reboot.reason) ?? [];
  const only = /^kernel (\S+) runs, the newest/.exec(reboot.reason)?.[1];
  for (const kernel of [newest, running, only])
    if (kernel !== undefined) await putFile(machine, `/boot/vmlinuz-${kernel}`, '');
  machine.kernelRelease = running ?? only ?? machine.kernelRelease;
  const needless = /^(.+) sees no need$/.exec(reboot.reason)?.[1];
  if (needless !== undefined) await putFile(machine, '/var/lib/lab/needs-restarting', `${needless}\n`);
  if (reboot.required !== true || newest !== undefined) return;
  await putFile(machine, '/run/reboot-required', '*** System restart required ***\n');
  const asked = /^asked for by (.+)$/.exec(reboot.reason)?.[1];
  if (asked !== undefined) await putFile(machine, '/run/reboot-required.pkgs', `${asked}\n`);
}

/** Folders that only some machines have: `df` is asked for them where they are. */
const optional = [
  '/var/cache/apt/archives',
  '/var/cache/zypp/packages',
  '/var/cache/dnf',
  '/var/lib/etcd',
  '/var/lib/kubelet',
  '/var/lib/containerd',
  '/var/lib/containers/storage',
  '/var/lib/docker',
];
const KIBI = 1024;

async function writeDisks(machine: Machine, { disk, manifests, etcdHost }: TwinNodeFacts): Promise<void> {
  if (!disk) return;
  const listed = new Set(disk.places.map(({ path }) => path));
  for (const folder of optional)
    if (!listed.has(folder) && !disk.places.some(({ path }) => path.startsWith(`${folder}/`)))
      await machine.fs.rm(folder, { recursive: true, force: true });
  for (const { path, mount, size, free, inodes = 0, freeInodes = 0 } of disk.places) {
    if (path !== '/etc/kubernetes/tmp') await machine.fs.mkdir(path, { recursive: true });
    await leaveRoom(machine, free / KIBI, mount, { size: size / KIBI, inodes, freeInodes });
  }
  const flag = manifests?.['etcd']?.flags.find(({ name }) => name === 'data-dir')?.value;
  const data = flag ?? etcdHost?.dataDir;
  if (disk.etcdBytes !== undefined && data !== undefined) await fillFolder(machine, data, disk.etcdBytes / KIBI);
}
