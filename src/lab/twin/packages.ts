import { rpmArchive, putRpm } from '../rpm-archives.ts';
import { writeLocks, writeZypperLocks } from '../distribution.ts';
import { putFile } from '../machine-files.ts';
import type { Machine, Package } from '../machine.ts';
import { minorOf } from '../releases.ts';
import type { TwinNodeFacts } from './document.ts';

const ofKubernetes = ['kubeadm', 'kubelet', 'kubectl', 'kubernetes-cni', 'cri-tools'];
const ofRuntimes = ['containerd.io', 'containerd', 'runc'];
const states: readonly string[] = ['i', 'U', 'F', 'H', 'W', 't'];

/** What is installed, on hold, offered, fetched; and what the programs themselves say. */
export async function writePackages(machine: Machine, facts: TwinNodeFacts): Promise<void> {
  const { packages, software = {}, binaries, offered, packageState, prefetched, runtime } = facts;
  if (packages) {
    for (const name of ofKubernetes) machine.packages.delete(name);
    for (const [name, { revision, status }] of Object.entries(packages.installed))
      machine.packages.set(name, { revision, state: stateOf(status), held: packages.held.includes(name) });
  }
  // What the lab installs of a runtime is not what is there.
  if (packages || runtime) for (const name of ofRuntimes) machine.packages.delete(name);
  for (const [name, { installed, offered: revisions }] of Object.entries(software)) {
    if (revisions) machine.offeredSoftware.set(name, revisions);
    if (!installed) continue;
    const { revision, status, at } = installed;
    const held = packages?.held.includes(name) ?? false;
    machine.packages.set(name, { revision, state: stateOf(status), held });
    if (at === undefined) machine.installedAt.delete(name);
    else machine.installedAt.set(name, at * 1000);
  }
  for (const name of packages?.held ?? []) if (!machine.packages.has(name)) machine.packages.set(name, unknown(true));
  for (const name of packageState?.broken ?? []) {
    const one = machine.packages.get(name) ?? unknown(false);
    machine.packages.set(name, one.state === 'i' ? { ...one, state: 'U' } : one);
  }
  for (const name of ofRuntimes) if (!machine.offeredSoftware.has(name)) machine.offeredSoftware.set(name, []);
  if (machine.distribution === 'rocky') await writeLocks(machine);
  if (machine.distribution === 'suse') await writeZypperLocks(machine);
  if (binaries)
    for (const name of ['kubeadm', 'kubelet', 'kubectl'] as const)
      if (binaries[name] !== machine.installed(name)) machine.binaries.set(name, binaries[name]);
  if (runtime?.unasked) machine.binaries.set('crictl', undefined);
  for (const [minor, { revisions }] of Object.entries(offered ?? {})) machine.offers.set(minor, { revisions });
  if (prefetched) await writePrefetched(machine, prefetched);
}

/** Its revision is not known. */
function unknown(held: boolean): Package {
  return { revision: '0', state: 'i', held };
}

/** dpkg's second letter. */
function stateOf(status: string): Package['state'] {
  const letter = status[1] ?? 'i';
  return states.includes(letter) ? (letter as Package['state']) : 'i';
}

async function writePrefetched(
  machine: Machine,
  { archives, needs, images }: NonNullable<TwinNodeFacts['prefetched']>,
): Promise<void> {
  for (const [name, revisions] of Object.entries(archives))
    for (const revision of revisions) {
      const path = archiveOf(machine, name, revision);
      if (machine.distribution === 'debian') await putFile(machine, path, `lab package ${name} ${revision}\n`);
      else await putRpm(machine, path, name, revision);
    }
  for (const [version, wanted] of Object.entries(needs))
    await putFile(machine, `/var/cache/runbook/images-v${version}`, wanted.map((image) => `${image}\n`).join(''));
  if (images.length > 0) {
    machine.pulledImages.clear();
    for (const image of images) machine.pulledImages.add(image);
  }
}

function archiveOf({ distribution }: Machine, name: string, revision: string): string {
  if (distribution === 'debian') return `/var/cache/apt/archives/${name}_${revision}_amd64.deb`;
  if (distribution === 'suse') return `/var/cache/zypp/packages/kubernetes/x86_64/${name}-${revision}.x86_64.rpm`;
  const url = `https://pkgs.k8s.io/core:/stable:/v${minorOf(revision)}/rpm/`;
  return rpmArchive({ id: 'kubernetes', url }, name, revision);
}
