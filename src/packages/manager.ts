/** A node's packages as plain data, and what each package manager says of them: all that facts and actions see. */

/** Packages of container runtimes, of distributions and of their makers: an update restarts all containers. */
export const runtimePackages: readonly string[] = [
  'containerd',
  'containerd.io',
  'containerd-ctr',
  'runc',
  'crun',
  'cri-o',
  'cri-o-runc',
  'conmon',
  'conmon-rs',
  'docker',
  'docker-ce',
  'docker-ce-cli',
  'docker.io',
  'moby-engine',
  'moby-containerd',
  'moby-runc',
];

/** Those that a cluster made with kubeadm installs from the Kubernetes package repositories. */
export const kubernetesPackages = ['kubeadm', 'kubelet', 'kubectl', 'kubernetes-cni', 'cri-tools'] as const;

export interface InstalledPackage {
  /** `1.32.9-1.1` */
  readonly revision: string;
  /** `ii`: installed and whole; else as its database has it: `iU`, `twice`. */
  readonly status: string;
}

/** A configured package source that points at a Kubernetes community repository or a mirror of it. */
export interface PackageSource {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly format: 'list' | 'deb822' | 'repo';
  readonly enabled: boolean;
  /** The whole address, e.g. `https://pkgs.k8s.io/core:/stable:/v1.31/deb/`. */
  readonly url: string;
  /** The part before `core:`, without a trailing slash. */
  readonly baseUrl: string;
  readonly channel: 'stable' | 'prerelease';
  /** `1.31` */
  readonly minor: string;
  /** The keyring file named by signed-by, if any. */
  readonly signedBy?: string;
  /** A deb822 source that holds the armored key itself. */
  readonly inlineKey?: true;
  /** Of a .repo file: the section's id, and its first and last line. */
  readonly section?: { readonly id: string; readonly first: number; readonly last: number };
}
export type LegacySource = Pick<PackageSource, 'file' | 'line' | 'format' | 'enabled' | 'url' | 'section'>;

export interface PackageSources {
  readonly sources: readonly PackageSource[];
  /** Sources of apt.kubernetes.io and yum.kubernetes.io, which are gone since March 2024. */
  readonly legacy?: readonly LegacySource[];
}

/** What switching a node's package source to another minor means, decided on facts. */
export interface Switch {
  readonly minor: string;
  readonly baseUrl: string;
  readonly channel: PackageSource['channel'];
  /** With a trailing slash. */
  readonly url: string;
  /** What all minors have in common, without a trailing slash: `https://pkgs.k8s.io/core:/stable:`. */
  readonly repository: string;
  readonly file: string;
  readonly format: PackageSource['format'];
  /** The source that is switched; undefined where one is added. */
  readonly kept?: PackageSource;
  /** The address that is there now, up to and with the minor; undefined where a source is added. */
  readonly from?: string;
  /** The address that replaces it. */
  readonly wanted: string;
  /** The lines to add where there is no source. */
  readonly line: string;
  /** The file that holds the signing key; undefined where the source names none. */
  readonly keyring?: string;
  /** The signing key is in the source itself. */
  readonly inlineKey?: true;
  /** Other enabled Kubernetes sources to disable: a second minor could be installed, a legacy one offers nothing. */
  readonly disable: readonly (PackageSource | LegacySource)[];
}

export interface Wanted {
  readonly name: string;
  /** It may be a pattern (`1.32.9-*`) where the repository could not be asked. */
  readonly revision: string;
}

/** What is installed at which revision, and what is on hold before and after. */
export interface Install {
  readonly wanted: readonly Wanted[];
  readonly held: readonly string[];
}

/** Commands as an operator would type them, one a line, and the POSIX sh they come from. */
export interface Script {
  readonly commands: readonly string[];
  readonly text: string;
}

/** One package manager. Pure: it makes scripts and reads their output; what runs them is elsewhere. */
export interface PackageManager {
  /** As facts name it: `dnf5`. */
  readonly id: string;
  /** For people: `dnf 5`. */
  readonly displayName: string;
  /** As expressions know it: dnf 5 is `dnf`, too. */
  readonly program: string;
  readonly reading: PackageReading;
  /** Keeps file, form, key and mirror of the source that is there; `baseUrl` overrides the mirror. */
  planSwitch(found: PackageSources | undefined, minor: string, baseUrl: string | undefined): Switch;
  /** A whole script; it puts everything back where the new source cannot be read. */
  switchSource(change: Switch): Script;
  /** A whole script; the holds come back also after a failure. */
  install(install: Install, found: PackageSources | undefined): Script;
  /** The command that puts installed packages on hold. */
  hold(names: readonly string[]): string;
  /** Lines of a script that fetch into the manager's own cache, past the configured source. */
  fetch(source: Switch, install: Install): Script;
  /**
   * Lines of a script that fetch one package into `folder`, a shell word, for {@link PackageReading.archivesIn}.
   * Nothing else is written: the manager's lists, caches, locks and keys stay as they are. It is verified as for an
   * installation.
   */
  fetchInto(folder: string, source: Switch, wanted: Wanted): string;
  /** A whole script that installs the updates of the operating system and leaves these packages alone. */
  upgradeOs(packages: { readonly kept: readonly string[]; readonly held: readonly string[] }): Script;
}

/**
 * How facts are read. Scripts are POSIX sh, read only; they are composed before the manager of a node is known, so each
 * part runs only where `detect` is true.
 */
export interface PackageReading {
  /** A shell condition. */
  readonly detect: string;
  /** A shell command that prints the {@link PackageManager.id}; nothing if packages can be read but not installed. */
  readonly identify: string;
  readonly ids: readonly string[];
  /** The command that shows what is installed, for messages. */
  readonly listing: string;
  /** Prints {@link InstalledPackage}s as `NAME REVISION STATUS`, holds as `held: NAME` or as {@link heldName} reads. */
  readonly installed: string;
  heldName?(line: string): string | undefined;
  /** The program that keeps the list of what is installed, for people. */
  readonly database: string;
  /** Globs of files with package sources. */
  readonly sourceFiles: readonly string[];
  sourcesOf(file: string, lines: readonly SourceLine[]): readonly (PackageSource | LegacySource)[];
  /** Prints `keyring: FILE` and gpg's colon lines; undefined where no file holds keys. */
  readonly keyrings?: string;
  /** Defines `fetch URL [FILE]`, with the manager's proxies and credentials. */
  readonly fetchFunction: string;
  /**
   * Defines `offered MINOR REPOSITORY`: prints `url: MINOR URL`, then `offers: MINOR NAME REVISION` lines, and sets
   * `why` to the reason if there are none.
   */
  readonly offered: string;
  /**
   * Defines `software NAME`: prints `installed: NAME REVISION STATUS TIME` (seconds since the epoch) where it is there;
   * and `offers NAME...`: prints `offer: NAME REVISION`, `candidate: NAME REVISION` and `failed: REASON` of the
   * configured repositories as they are now.
   */
  readonly software: string;
  /** The command that lists updates, for messages. */
  readonly listingUpdates: string;
  /** Prints `pending: NAME` and `failed: REASON`. */
  readonly updates: string;
  /** Names of packages that bring a kernel. */
  readonly kernel: RegExp;
  /** Prints `required: BY` or `not BY`, where anything tells whether a reboot is needed. */
  readonly reboot?: string;
  /** Half installed packages, and those that are there twice; undefined where the manager leaves none. */
  readonly audit?: {
    readonly command: string;
    /** Prints lines that `brokenName` knows. */
    readonly script: string;
    brokenName(line: string): string | undefined;
    /** What an installation of Kubernetes packages does about them first. */
    readonly finishing: string;
    /** What to do about them by hand. */
    readonly remedy: string;
  };
  /** Files that are locked at work, separated by spaces. */
  readonly locks: string;
  /** Services that work with packages by themselves, for people. */
  readonly background: string;
  /** Folders of downloaded packages. */
  readonly caches: readonly string[];
  /** The command that empties them, for people. */
  readonly cleaning: string;
  /** Defines `archives NAME`: prints `archive: FILE` of each downloaded package of that name. */
  readonly archives: string;
  /** The same for the packages in a folder, a shell word. */
  archivesIn(folder: string): string;
  /** The package of a file that {@link archives} printed. */
  archiveOf(file: string): Wanted | undefined;
  /** Shell lines that unpack the `kubeadm` of just that revision from {@link archives} into `folder`, which exists. */
  unpackKubeadm(revision: string, folder: string): string;
}

/** A line of a file, as `grep -n '' FILE /dev/null` prints it. */
export interface SourceLine {
  readonly number: number;
  readonly text: string;
}
