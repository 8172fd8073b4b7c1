import type { Distribution, Machine } from './machine.ts';

/** Releases of containerd that the repositories have, newest first, with the runc that the distribution has then. */
const releases: readonly { readonly containerd: string; readonly runc: string }[] = [
  { containerd: '2.0.5', runc: '1.2.6' },
  { containerd: '1.7.28', runc: '1.1.15' },
  { containerd: '1.7.27', runc: '1.1.14' },
];

export const newestContainerd = '2.0.5';
/** Of Debian's own packages: `~ds1` says that its source was packed again. */
export const debianContainerd = '1.6.20~ds1';
export const containerdReleases: readonly string[] = [
  ...releases.map(({ containerd }) => containerd),
  debianContainerd,
];

/** What Debian's own repository has, newest first. */
const ofDebian: Readonly<Record<string, readonly string[]>> = {
  containerd: ['1.6.20~ds1-1+deb12u1', '1.6.20~ds1-1+b1'],
  runc: ['1.1.5+ds1-1+deb12u1', '1.1.5+ds1-1+b4'],
};

/** On Debian and Rocky Linux it is Docker's package, which brings runc; openSUSE has its own two. */
const packagesOf: Readonly<Record<Distribution, readonly ('containerd.io' | 'containerd' | 'runc')[]>> = {
  debian: ['containerd.io'],
  rocky: ['containerd.io'],
  suse: ['containerd', 'runc'],
};

const suffixes: Readonly<Record<Distribution, string>> = { debian: '-1', rocky: '-3.1.el9', suse: '-150000.1.1' };

/** Where a package comes from, for the listings of apt. */
export function runtimeRepository(name: string): string {
  return name in ofDebian ? 'http://deb.debian.org/debian/' : 'https://download.docker.com/linux/debian/';
}

/** What the machine's repositories offer of a package, newest first; none: it is no package of a runtime. */
export function runtimeOffers({ distribution, role, offeredSoftware }: Machine, name: string): readonly string[] {
  const given = offeredSoftware.get(name);
  if (given) return given;
  const known = packagesOf[distribution].find((each) => each === name);
  if (role === 'other') return [];
  if (!known) return distribution === 'debian' ? (ofDebian[name] ?? []) : [];
  return releases.map((release) => (known === 'runc' ? release.runc : release.containerd) + suffixes[distribution]);
}

/** Its packages at a release of containerd, as they were installed before the machine's last boot. */
export function installRuntime(machine: Machine, containerd: string): void {
  const isDebians = containerd === debianContainerd;
  // The older one of Debian's, so that there is something to upgrade.
  const at = isDebians ? 1 : releases.findIndex((release) => release.containerd === containerd);
  for (const name of ['containerd.io', 'containerd', 'runc']) machine.packages.delete(name);
  for (const name of isDebians ? Object.keys(ofDebian) : packagesOf[machine.distribution]) {
    const revision = runtimeOffers(machine, name)[at];
    if (revision === undefined) continue;
    machine.packages.set(name, { revision, state: 'i', held: false });
    machine.installedAt.set(name, machine.binaryChangedAt);
  }
  machine.containerRuntime = `containerd://${containerd}`;
}

/** The release of the containerd that is installed. */
export function installedContainerd(machine: Machine): string | undefined {
  return machine.installed('containerd.io') ?? machine.installed('containerd');
}
