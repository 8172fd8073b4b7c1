import { defaultBaseUrl, keyringFile, putFile, sourcesFile } from './machine-files.ts';
import type { Distribution, Machine } from './machine.ts';
import { offeredBy } from './offers.ts';
import { compareVersions, minorOf } from './releases.ts';
import { runtimeOffers } from './runtime-packages.ts';
import { osUpdatesFile } from './tools/os-updates.ts';

/** What a machine of the lab runs: Debian 12 with apt, Rocky Linux 9 with dnf 4, or openSUSE Leap 15.6 with zypper. */
export const distributions: readonly Distribution[] = ['debian', 'rocky', 'suse'];

const ofDebian = ['apt-get', 'apt-mark', 'apt-cache', 'dpkg-query', 'dpkg', 'dpkg-deb', 'gpg'];
const foreign: Readonly<Record<Distribution, readonly string[]>> = {
  debian: ['dnf', 'rpm', 'rpm2cpio', 'zypper'],
  rocky: [...ofDebian, 'zypper'],
  suse: [...ofDebian, 'dnf'],
};

/** Whether a program is of another distribution than the machine's. */
export function isForeign(machine: Machine, program: string): boolean {
  return foreign[machine.distribution].includes(program);
}

export const repoFile = '/etc/yum.repos.d/kubernetes.repo';
const zyppRepoFile = '/etc/zypp/repos.d/kubernetes.repo';
/** Where rpm keeps the imported keys, which libzypp trusts. */
export const trustedKeys = '/var/lib/rpm/lab-keys';
export const versionLocks = '/etc/dnf/plugins/versionlock.list';
/** What the community's packages have after their version. */
const rpmRelease = '-150500.1.1';

export function rpmRevision(revision: string): string {
  return revision.replace(/-[^-]*$/, rpmRelease);
}

/** What a minor's repository of rpm packages has for a machine, newest first. */
export function rpmPackages(machine: Machine, minor: string): ReadonlyMap<string, readonly string[]> | undefined {
  const packages = offeredBy(machine, minor);
  if (!packages) return undefined;
  if (machine.offers.has(minor)) return new Map(Object.entries(packages));
  return new Map(
    Object.entries(packages).map(([name, revisions]) => [
      name,
      revisions.map(rpmRevision).sort((a, b) => compareVersions(b, a)),
    ]),
  );
}

/** Turns a fresh Debian machine's files and packages into those of its distribution, with the same versions on hold. */
export async function becomeDistribution(machine: Machine, version: string): Promise<void> {
  if (machine.distribution === 'debian') return;
  for (const path of [sourcesFile, keyringFile, '/etc/apt', '/var/lib/dpkg', '/etc/debian_version'])
    await machine.fs.rm(path, { recursive: true, force: true });
  for (const [name, one] of machine.packages)
    if (runtimeOffers(machine, name).length === 0)
      machine.packages.set(name, { ...one, revision: rpmRevision(one.revision) });
  await (machine.distribution === 'rocky' ? becomeRocky : becomeSuse)(machine, version);
}

async function becomeSuse(machine: Machine, version: string): Promise<void> {
  const url = `${defaultBaseUrl}/core:/stable:/v${minorOf(version)}/rpm/`;
  const files: Readonly<Record<string, string>> = {
    '/etc/os-release':
      'NAME="openSUSE Leap"\nVERSION="15.6"\nID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"\nPRETTY_NAME="openSUSE Leap 15.6"\n',
    [zyppRepoFile]: `[kubernetes]\nname=Kubernetes\nbaseurl=${url}\nenabled=1\ngpgcheck=1\ngpgkey=${url}repodata/repomd.xml.key\n`,
    [trustedKeys]: 'the key of isv:kubernetes\n',
    [osUpdatesFile]:
      'libopenssl3 3.1.4-150600.5.15.1 3.1.4-150600.5.18.1\nkernel-default 6.4.0-150600.23.22.1 6.4.0-150600.23.25.1\n',
  };
  for (const [path, content] of Object.entries(files)) await putFile(machine, path, content);
  machine.aptLists.set('/var/cache/zypp/solv/kubernetes', rpmPackages(machine, minorOf(version)) ?? new Map());
  await writeZypperLocks(machine);
}

async function becomeRocky(machine: Machine, version: string): Promise<void> {
  const url = `${defaultBaseUrl}/core:/stable:/v${minorOf(version)}/rpm/`;
  const files: Readonly<Record<string, string>> = {
    '/etc/os-release':
      'NAME="Rocky Linux"\nVERSION="9.6 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\nPLATFORM_ID="platform:el9"\nPRETTY_NAME="Rocky Linux 9.6 (Blue Onyx)"\n',
    '/etc/dnf/dnf.conf':
      '[main]\ngpgcheck=1\ninstallonly_limit=3\nclean_requirements_on_remove=True\nbest=True\nskip_if_unavailable=False\n',
    [repoFile]: `[kubernetes]\nname=Kubernetes\nbaseurl=${url}\nenabled=1\ngpgcheck=1\ngpgkey=${url}repodata/repomd.xml.key\nexclude=kubelet kubeadm kubectl cri-tools kubernetes-cni\n`,
  };
  for (const [path, content] of Object.entries(files)) await putFile(machine, path, content);
  machine.aptLists.set(url, rpmPackages(machine, minorOf(version)) ?? new Map());
  await writeLocks(machine);
}

/** The plugin's file says what is locked: the held packages at what is installed of them. */
export async function writeLocks(machine: Machine): Promise<void> {
  const lines = [...machine.packages].flatMap(([name, one]) => (one.held ? [`${name}-0:${one.revision}.*\n`] : []));
  await putFile(machine, versionLocks, lines.sort().join(''));
}

/** The held packages as locks(5) has them. */
export async function writeZypperLocks(machine: Machine): Promise<void> {
  const names = [...machine.packages].filter(([, one]) => one.held).map(([name]) => name);
  const stanza = (name: string) => `\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: ${name}\n`;
  await putFile(machine, '/etc/zypp/locks', names.sort().map(stanza).join(''));
}
