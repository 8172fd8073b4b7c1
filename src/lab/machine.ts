import { randomUUID } from 'node:crypto';
import type { IFileSystem } from 'just-bash';
import { AttemptStore } from './attempts.ts';
import { Audit } from './audit.ts';
import type { Clock } from './clock.ts';
import type { DeprecatedRequest } from './cluster-extras.ts';
import { healthyMember } from './etcd-state.ts';
import { hexOf, uuidOf } from './identity.ts';
import type { PodShape } from './pod-shape.ts';
import { NotedMap } from './noted-map.ts';
import { findMinor, imagesOf, minorOf, revisionSuffix } from './releases.ts';
import { installRuntime, newestContainerd } from './runtime-packages.ts';
import { containerdService, type Service } from './services.ts';
import type { Revisions } from './shell/revisions.ts';
import type { RunSpec } from './shell/run-spec.ts';

export interface Package {
  revision: string;
  /** dpkg's second letter: installed, or unpacked and not configured. */
  state: 'i' | 'U' | 'F' | 'H' | 'W' | 't';
  held: boolean;
}

export interface StaticPod {
  image: string;
  hash: string;
  startedAt: number;
  restarts: number;
  /** Not serving before this time. */
  readyAt: number;
  /** Its kubelet shows it as ready from then on, where that is later. */
  shownReadyAt?: number;
  /** What its mirror pod shows; undefined: as kubeadm makes it. */
  shape?: PodShape;
  labels?: Readonly<Record<string, string>>;
}

/** What a repository has. */
export interface Offered {
  /** By package, newest first; empty: it does not answer. */
  readonly revisions: Readonly<Record<string, readonly string[]>>;
}

/** The kubelet process: which binary runs, since when, and what the API saw of its predecessor. */
export interface KubeletProcess {
  readonly version: string;
  readonly startedAt: number;
  readonly pid: number;
  /** Set while it is stopped. */
  readonly stoppedAt?: number;
  readonly previousVersion: string;
  readonly previouslyReady: boolean;
  /** It runs and does not say that it is well. */
  readonly unhealthy?: true;
}

/** What its Node object shows of a machine. */
interface Shown {
  readonly kubelet: KubeletProcess;
  readonly up: boolean;
  readonly bootId: string;
  readonly kernelRelease: string;
  /** What runs, and what ran before its last restart. */
  readonly containerRuntime: string;
  readonly earlierRuntime: string | undefined;
}

/** Something that a reboot kills. */
export interface Killable {
  kill(): void;
}

/** `other`: a machine that is no node of the cluster; etcd runs there. */
export type MachineRole = 'control-plane' | 'worker' | 'other';

export type Distribution = 'debian' | 'rocky' | 'suse';

export interface MachineOptions {
  readonly name: string;
  readonly role: MachineRole;
  readonly ip: string;
  readonly apiEndpoint: string;
  readonly version: string;
  readonly distribution?: Distribution;
  /** Of an external etcd, for all machines of such a lab. */
  readonly etcdEndpoints?: readonly string[];
  /** The release of containerd; the newest unless given. */
  readonly containerd?: string;
  /** What it is on its own, where that is known. */
  readonly identity?: MachineIdentity;
  readonly clock: Clock;
  readonly shell: MachineShell;
}

/** What tells a machine from others. What is left out follows from its name. */
export interface MachineIdentity {
  /** Its name in the inventory; else its Node object's. */
  readonly alias?: string;
  readonly hostname?: string;
  readonly machineId?: string;
  readonly systemUuid?: string;
  readonly bootId?: string;
  /** All but loopback. */
  readonly addresses?: readonly string[];
}

/** Who touches a file. */
export interface FileUser {
  readonly uid: number;
  readonly umask: number;
}

/** The files of a machine, as root sees them. */
export interface MachineFiles extends IFileSystem {
  readonly revisions: Revisions;
  /** Whether a file like /etc/hosts maps a host to 0.0.0.0. */
  mapsToNowhere(path: string, host: string): Promise<boolean>;
  /** As this user's process sees and makes them. */
  as(user: FileUser): IFileSystem;
}

/** What gives machines their files and runs their scripts. */
export interface MachineShell {
  createFs(machine: Machine): MachineFiles;
  /** @returns the exit code, 137 for a script that was killed; never rejects */
  run(machine: Machine, spec: RunSpec): Promise<number>;
}

/** One simulated machine: its files, packages, processes and what it ran. It knows nothing of the cluster's objects. */
export class Machine {
  /** Its Node object's, where it has one. */
  readonly name: string;
  /** The name in the inventory. */
  readonly alias: string;
  readonly hostname: string;
  /** All but loopback; undefined: {@link ip} and what a network plugin adds. */
  readonly addresses?: readonly string[];
  readonly role: MachineRole;
  readonly ip: string;
  readonly apiEndpoint: string;
  readonly distribution: Distribution;
  /** Undefined: etcd is stacked on the control planes. */
  readonly etcdEndpoints?: readonly string[];
  readonly clock: Clock;
  readonly fs: MachineFiles;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly packages = new Map<string, Package>();
  /** When packages were installed; others were long ago. */
  readonly installedAt = new Map<string, number>();
  /** What the last `apt-get update` of each source saw, by its address: revisions by package, newest first. */
  readonly aptLists = new Map<string, ReadonlyMap<string, readonly string[]>>();
  readonly staticPods = new NotedMap<string, StaticPod>();
  readonly audit: Audit;
  readonly running = new Set<Killable>();
  readonly connections = new Set<Killable>();
  readonly attempts: AttemptStore;
  readonly pulledImages = new Set<string>();
  /** What programs say of their version, where it is not the package's; undefined: the program is not there. */
  readonly binaries = new Map<string, string | undefined>();
  /** Of each login. */
  environment: Readonly<Record<string, string>> = {};
  /** What its repositories have by minor, in place of the lab's own. */
  readonly offers = new Map<string, Offered>();
  /** What they have of packages that are not of Kubernetes, newest first. */
  readonly offeredSoftware = new Map<string, readonly string[]>();
  /** Sockets of container runtimes. */
  sockets: readonly string[] = ['/run/containerd/containerd.sock'];
  /** May the user of its admin.conf do everything? Undefined: {@link ClusterExtras.adminMayAll} says it. */
  adminMayAll?: boolean;
  /** Where its API server listens, if not at {@link ip} and the usual port. */
  apiServerEndpoint?: string;
  /** Start time of process 1, in clock ticks. */
  initStart = '4';
  /** The static pods that its kubeadm writes, by release: as it said itself before. */
  readonly writtenByKubeadm = new Map<string, Readonly<Record<string, string>>>();
  /** The static pods that were there at first, where they are not those of a fresh lab. */
  readonly manifestsBefore = new Map<string, string>();
  /** What its API server was asked for since it started. */
  deprecatedRequests: DeprecatedRequest[] = [];
  /** Names of processes that run in containers of other pods as well: a tenant's `etcd`. */
  readonly tenants = new Set<string>();
  /** Its member of etcd; of no use on workers. */
  etcd = healthyMember();
  /** How its kubelet looks at the manifests; undefined while what is written there is no news to it. */
  syncPods?: () => Promise<void>;
  /** Called where anything changed that its Node object shows. */
  onChange: () => void = () => undefined;
  bootedAt: number;
  /** When /usr/bin/kubelet was last written. */
  binaryChangedAt: number;
  rebooted = false;
  /** It is one now: its role is what it is meant for, also before it joins and after a reset. */
  isControlPlane: boolean;
  dpkgLocked = false;
  /** Milliseconds by which its clock is ahead of the lab's. */
  clockAhead = 0;
  readonly services = new NotedMap<string, Service>();
  #shown: Shown;
  readonly #shell: MachineShell;
  #nextPid = 1200;

  constructor(options: MachineOptions) {
    const { identity = {} } = options;
    this.name = options.name;
    this.alias = identity.alias ?? options.name;
    this.hostname = identity.hostname ?? options.name;
    if (identity.addresses) this.addresses = identity.addresses;
    this.role = options.role;
    this.isControlPlane = options.role === 'control-plane';
    this.ip = options.ip;
    this.apiEndpoint = options.apiEndpoint;
    this.distribution = options.distribution ?? 'debian';
    if (options.etcdEndpoints) this.etcdEndpoints = options.etcdEndpoints;
    this.clock = options.clock;
    this.audit = new Audit(options.clock);
    this.#shell = options.shell;
    this.machineId = identity.machineId ?? hexOf(`machine-id:${this.name}`, 32);
    this.systemUuid = identity.systemUuid ?? uuidOf(`system:${this.name}`);
    this.fs = options.shell.createFs(this);
    const now = this.clock.now();
    this.bootedAt = now - 3_600_000;
    this.binaryChangedAt = now - 7_200_000;
    const kubelet = {
      version: options.version,
      startedAt: this.bootedAt,
      pid: this.newPid(),
      previousVersion: options.version,
      previouslyReady: true,
    };
    this.#shown = {
      kubelet,
      up: true,
      bootId: identity.bootId ?? randomUUID(),
      kernelRelease: '6.1.0-28-amd64',
      containerRuntime: `containerd://${newestContainerd}`,
      earlierRuntime: undefined,
    };
    this.services.onChange = () => this.onChange();
    this.attempts = new AttemptStore(this);
    if (this.role === 'other') {
      this.stopKubelet(this.bootedAt);
      this.etcd.unit = { active: true, startedAt: this.bootedAt, readyAt: this.bootedAt, pid: this.newPid() };
      return;
    }
    this.#installPackages(options.version);
    installRuntime(this, options.containerd ?? newestContainerd);
    this.services.set('containerd', containerdService(this));
    if (this.role === 'control-plane') this.#startStaticPods(options.version);
  }

  /** Another object where anything of it changes. */
  get kubelet(): KubeletProcess {
    return this.#shown.kubelet;
  }

  set kubelet(kubelet: KubeletProcess) {
    this.#show({ kubelet });
  }

  get up(): boolean {
    return this.#shown.up;
  }

  set up(up: boolean) {
    this.#show({ up });
  }

  get bootId(): string {
    return this.#shown.bootId;
  }

  set bootId(bootId: string) {
    this.#show({ bootId });
  }

  get kernelRelease(): string {
    return this.#shown.kernelRelease;
  }

  set kernelRelease(kernelRelease: string) {
    this.#show({ kernelRelease });
  }

  get containerRuntime(): string {
    return this.#shown.containerRuntime;
  }

  set containerRuntime(containerRuntime: string) {
    this.#show({ containerRuntime });
  }

  get earlierRuntime(): string | undefined {
    return this.#shown.earlierRuntime;
  }

  set earlierRuntime(earlierRuntime: string | undefined) {
    this.#show({ earlierRuntime });
  }

  #show(change: Partial<Shown>): void {
    this.#shown = { ...this.#shown, ...change };
    this.onChange();
  }

  newPid(): number {
    this.#nextPid += 1;
    return this.#nextPid;
  }

  /** Runs a script to its end; {@link MachineShell.run}. `as`: what its programs take for this machine. */
  run(spec: RunSpec, as: Machine = this): Promise<number> {
    return this.#shell.run(as, spec);
  }

  /** The version of an installed program, without its revision. */
  installed(name: string): string | undefined {
    return this.packages.get(name)?.revision.replace(/-[^-]*$/, '');
  }

  /** What a program says of its version; undefined: it is not there. */
  program(name: string): string | undefined {
    return this.binaries.has(name) ? this.binaries.get(name) : this.installed(name);
  }

  /** Puts a package in place of what is there, programs included. */
  install(name: string, one: Package): void {
    this.packages.set(name, one);
    this.installedAt.set(name, this.clock.now());
    this.binaries.delete(name);
  }

  dropConnections(): void {
    for (const connection of this.connections) connection.kill();
  }

  /** Where it still runs. */
  stopKubelet(at = this.clock.now()): void {
    this.kubelet = { stoppedAt: at, ...this.kubelet };
  }

  /** Restarts the kubelet from the installed binary. */
  restartKubelet(ready: boolean): void {
    this.kubelet = {
      version: this.program('kubelet') ?? this.kubelet.version,
      startedAt: this.clock.now(),
      pid: this.newPid(),
      previousVersion: this.kubelet.version,
      previouslyReady: ready,
    };
    void this.syncPods?.();
  }

  apiServerReady(): boolean {
    const pod = this.staticPods.get('kube-apiserver');
    // Its own member is all that it asks.
    const hasEtcd = this.etcdEndpoints !== undefined || this.etcd.membership === 'started';
    return this.up && hasEtcd && pod !== undefined && pod.readyAt <= this.clock.now();
  }

  #installPackages(version: string): void {
    const minor = findMinor(minorOf(version));
    const add = (name: string, revision: string, held: boolean) =>
      this.packages.set(name, { revision, state: 'i', held });
    add('cri-tools', minor?.criTools ?? `1.31.1${revisionSuffix}`, false);
    for (const name of ['kubeadm', 'kubectl', 'kubelet']) add(name, version + revisionSuffix, true);
    add('kubernetes-cni', minor?.cni ?? `1.5.1${revisionSuffix}`, false);
  }

  #startStaticPods(version: string): void {
    const images = imagesOf(version);
    const stacked = this.etcdEndpoints ? [] : ['etcd'];
    for (const component of [...stacked, 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
      const image = images[component] ?? '';
      this.pulledImages.add(image);
      this.staticPods.set(component, {
        image,
        hash: hexOf(`${this.name}/${image}`, 32),
        startedAt: this.bootedAt,
        restarts: 0,
        readyAt: this.bootedAt,
      });
    }
  }
}
