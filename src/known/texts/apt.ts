import type { KnownText } from '../text.ts';

const INSTALL = 'Debian/apt: apt-private/private-install.cc';

export const apt: readonly KnownText[] = [
  {
    id: 'apt-lock',
    patterns: [
      /Could not get lock \/var\/(lib\/(dpkg|apt)|cache\/apt)\//,
      /Unable to (acquire the dpkg frontend lock|lock the administration directory|lock directory) /,
      /dpkg: error: (dpkg frontend lock|dpkg database lock|dpkg status database) (was|is) locked by/,
    ],
    meaning: 'Another program holds the lock of apt or dpkg',
    cause: 'Mostly unattended-upgrades or apt-daily, or an apt-get that someone left open.',
    remedy:
      'Wait for the process named in the line (`ps PID`, `systemctl status unattended-upgrades`), then `runbook resume`. Never delete the lock file.',
    source: 'https://github.com/servo/ci-runners/issues/57',
    examples: [
      'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 2448 (unattended-upgr)',
      'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
      'E: Could not get lock /var/lib/dpkg/lock-frontend - open (11: Resource temporarily unavailable)',
      'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1719 (apt-get)',
      'dpkg: error: dpkg frontend lock was locked by another process with pid 4406',
    ],
  },
  {
    id: 'apt-held',
    patterns: [/Held packages were changed and -y was used without --allow-change-held-packages/],
    meaning: 'A held package would be changed',
    cause: 'The package, or one it depends on (cri-tools, kubernetes-cni), is on hold.',
    remedy:
      '`apt-mark showhold`; the action `install-packages` lifts and restores holds. By hand: `apt-mark unhold PACKAGE`.',
    source: INSTALL,
    examples: ['E: Held packages were changed and -y was used without --allow-change-held-packages.'],
  },
  {
    id: 'apt-downgrade',
    patterns: [/Packages were downgraded and -y was used without --allow-downgrades/],
    meaning: 'The wanted version is older than the installed one',
    cause: 'The node has a newer package already.',
    remedy:
      'Kubernetes does not support going back. Choose a version that is not older; by hand: `--allow-downgrades`.',
    source: INSTALL,
    examples: ['E: Packages were downgraded and -y was used without --allow-downgrades.'],
  },
  {
    id: 'apt-unmet',
    patterns: [
      /The following packages have unmet dependencies:/,
      /Unmet dependencies\. Try 'apt(-get)? --fix-broken install'/,
      /Unable to correct problems, you have held broken packages/,
      /pkgProblemResolver::Resolve generated breaks/,
    ],
    meaning: 'The versions asked for do not fit together, or a package is half installed',
    cause: 'kubeadm, kubelet, cri-tools and kubernetes-cni must fit; holds or a missing repository are in the way.',
    remedy:
      'The lines before name the packages: `apt-cache policy PACKAGE`, `apt-mark showhold`. Half installed: `apt-get --fix-broken install`.',
    source: 'Debian/apt: apt-pkg/algorithms.cc',
    examples: [
      'E: Unable to correct problems, you have held broken packages.',
      'The following packages have unmet dependencies:',
      "E: Unmet dependencies. Try 'apt --fix-broken install' with no packages (or specify a solution).",
    ],
  },
  {
    id: 'apt-no-package',
    patterns: [
      /Couldn't find any package by (regex|glob)/,
      /Unable to locate package \S+/,
      /Package '?\S+'? has no installation candidate/,
    ],
    meaning: 'No repository of this node has the package',
    cause: 'The repository is not set up, is one of another minor, or `apt-get update` has failed.',
    remedy: '`apt-cache policy PACKAGE`; check /etc/apt/sources.list.d (step `package-repo`), then `apt-get update`.',
    source: 'Debian/apt: apt-pkg/cacheset.cc',
    examples: [
      `E: Couldn't find any package by regex 'kubelet=1.30*'`,
      'E: Unable to locate package kubeadm',
      "E: Package 'kubelet' has no installation candidate",
    ],
  },
  {
    id: 'apt-no-version',
    patterns: [/Version '[^']*' for '[^']*' was not found/, /Release '[^']*' for '[^']*' was not found/],
    meaning: 'The repository does not have this version of the package',
    cause: 'Its revision is another one (1.32.9-1.1), the repository is of another minor, or a mirror lags behind.',
    remedy: '`apt-cache madison PACKAGE` lists what there is; set the version or the repository to it.',
    source: 'Debian/apt: apt-pkg/cacheset.cc',
    examples: ["E: Version '1.22.0-1.1' for 'kubeadm' was not found"],
  },
  {
    id: 'apt-unauthenticated',
    breadth: 'broad',
    patterns: [
      /There were unauthenticated packages and -y was used without --allow-unauthenticated/,
      /Some packages could not be authenticated/,
    ],
    meaning: 'Packages come from a repository whose signature was not accepted',
    cause: 'Its key is missing or expired; `apt-get update` warned of it.',
    remedy: '`apt-get update` and read its warnings; fetch Release.key again. Never `--allow-unauthenticated`.',
    source: 'Debian/apt: apt-private/private-download.cc',
    examples: ['E: There were unauthenticated packages and -y was used without --allow-unauthenticated'],
  },
  {
    id: 'apt-sources',
    patterns: [
      /Malformed (entry|line|stanza) \d+ in (list|sources|source list)/,
      /The list of sources could not be read/,
      /Conflicting values set for option Signed-By regarding source/,
    ],
    meaning: 'A file of /etc/apt/sources.list.d is wrong',
    cause: 'A typing error, or the same repository in two files with different keys.',
    remedy:
      'The line names the file. Correct it, or remove the duplicate (`grep -r pkgs.k8s.io /etc/apt`), then `apt-get update`.',
    source: 'Debian/apt: apt-pkg/sourcelist.cc',
    examples: [
      'E: Malformed entry 1 in list file /etc/apt/sources.list.d/kubernetes.list (URI)',
      'E: Conflicting values set for option Signed-By regarding source https://pkgs.k8s.io/core:/stable:/v1.32/deb/ /: /etc/apt/keyrings/kubernetes-apt-keyring.gpg != ',
      'E: The list of sources could not be read.',
    ],
  },
  {
    id: 'apt-disk',
    patterns: [/You don't have enough free space in \S+/],
    meaning: 'The disk has no room for the packages',
    cause: '/var/cache/apt or / is full.',
    remedy:
      '`df -h /var/cache/apt/archives /`, `apt-get clean`, `journalctl --vacuum-size=200M`; then `runbook resume`.',
    source: 'Debian/apt: apt-private/private-download.cc',
    examples: ["E: You don't have enough free space in /var/cache/apt/archives/."],
  },
  {
    id: 'apt-lists-damaged',
    patterns: [
      /Problem with MergeList/,
      /The package lists or status file could not be parsed or opened/,
      /The package cache file is corrupted/,
    ],
    meaning: "apt's package lists on this node are damaged",
    cause: 'An interrupted download, a full disk, or a proxy page in their place.',
    remedy:
      '`df -h /var`, delete /var/lib/apt/lists/* and /var/cache/apt/*.bin, `apt-get update`; then `runbook resume`.',
    source: 'Debian/apt: apt-pkg/pkgcache.cc',
    examples: [
      'E: The package lists or status file could not be parsed or opened.',
      'E: The package cache file is corrupted, it has the wrong hash',
    ],
  },
  {
    id: 'apt-removes-essential',
    patterns: [/Essential packages were removed and -y was used without --allow-remove-essential/],
    meaning: 'The installation would remove packages that the system needs',
    cause: 'A repository of another release, or versions that do not fit together.',
    remedy:
      'Do not force it. `apt-get -s install PACKAGE` shows what would go; `apt-cache policy`, correct sources.list.d.',
    source: INSTALL,
    examples: ['E: Essential packages were removed and -y was used without --allow-remove-essential.'],
  },
  {
    id: 'apt-fetch-failed',
    breadth: 'general',
    patterns: [/Unable to fetch some archives/, /^[EW]: Failed to fetch \S+/],
    meaning: 'apt could not download a file',
    cause: 'The text behind the URL says why.',
    remedy: '`curl -v URL` on the node, `apt-get update`; then `runbook resume`.',
    source: INSTALL,
    examples: ['E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?'],
  },
  {
    id: 'gpg-no-key-data',
    patterns: [/gpg: no valid OpenPGP data found/, /gpg: (cannot open '\/dev\/tty'|dearmoring failed: )/],
    meaning: 'gpg could not write a key file',
    cause:
      'What was downloaded is no key (an error page of a proxy), or the file exists and gpg would ask before it overwrites it.',
    remedy: '`curl -fv URL/Release.key`; use `gpg --batch --yes --dearmor -o FILE`.',
    source: 'https://github.com/containers/podman.io_old/issues/296',
    examples: [
      'gpg: no valid OpenPGP data found.',
      "gpg: cannot open '/dev/tty': No such device or address",
      'gpg: dearmoring failed: File exists',
    ],
  },
];
