/** Everything that is observed. Pure data: saved as facts.json, hashed for the plan, handed to guards and actions. */
export interface Facts {
  /** By the node's name in the inventory. */
  readonly nodes: Readonly<Record<string, NodeFacts>>;
  /** Undefined where no planned action asks for Kubernetes. */
  readonly cluster?: ClusterFacts;
  /** Files that planned actions look at ({@link Action.looksAt}): on the operator's machine and on nodes, by path as it was asked for. */
  readonly files?: FileFacts;
}

export interface FileFacts {
  readonly local: Readonly<Record<string, FileFact>>;
  /** By node. */
  readonly nodes: Readonly<Record<string, Readonly<Record<string, FileFact>>>>;
}

export interface FileFact {
  /** Nothing else is known of what is missing or cannot be read. */
  readonly missing?: true;
  readonly error?: string;
  /** Bytes. */
  readonly size?: number;
  /** Hex. */
  readonly sha256?: string;
  /** `644` */
  readonly mode?: string;
  /** `root:root`; on nodes only. */
  readonly owner?: string;
  /** Its last 32 bytes are the sha256 of all before them, as `etcdctl snapshot save` leaves it; on the operator's machine only. */
  readonly sealed?: boolean;
  /** Its content, where that was asked for and is small. */
  readonly text?: string;
}

/** Facts of one machine. A fact that was not asked for is undefined. */
export interface NodeFacts {
  readonly os?: OsFact;
  readonly machine?: MachineFact;
  readonly packages?: PackagesFact;
  readonly repository?: RepositoryFact;
  readonly offered?: OfferedFact;
  readonly binaries?: BinariesFact;
  readonly staticPods?: StaticPodsFact;
  readonly kubelet?: KubeletFact;
  readonly reboot?: RebootFact;
  readonly osUpdates?: OsUpdatesFact;
  readonly prefetched?: PrefetchedFact;
  readonly certificates?: CertificatesFact;
  readonly adminConf?: AdminConfFact;
  readonly deprecatedApis?: readonly DeprecatedApi[];
  readonly manifests?: ManifestsFact;
  readonly disk?: DiskFact;
  readonly packageState?: PackageStateFact;
  readonly repositoryKeys?: RepositoryKeysFact;
  readonly kubeletSetup?: KubeletSetupFact;
  readonly kernel?: KernelFact;
  readonly clock?: ClockFact;
  readonly etcdHost?: EtcdHostFact;
}
export type NodeFactId = keyof NodeFacts;

export interface OsFact {
  /** `ID` of os-release: debian, ubuntu, rhel, rocky ... */
  readonly id: string;
  readonly idLike: readonly string[];
  readonly versionId: string;
  readonly prettyName: string;
  readonly packageManager: 'apt' | 'dnf' | 'yum' | 'zypper' | 'unknown';
}

export interface MachineFact {
  readonly hostname: string;
  /** /etc/machine-id, lower case, no dashes. */
  readonly machineId: string;
  /** /sys/class/dmi/id/product_uuid in lower case, where readable. */
  readonly systemUuid?: string;
  readonly bootId: string;
  /**
   * Start time of process 1, in clock ticks since the kernel's start (proc_pid_stat(5), field 22). Nodes that are containers share a
   * kernel, whose boot id stays the same when one of them is started anew.
   */
  readonly initStart?: string;
  /** Every IPv4 and IPv6 address but loopback, without prefix length. */
  readonly addresses: readonly string[];
}

export interface PackagesFact {
  /** Of kubeadm, kubelet, kubectl, kubernetes-cni, cri-tools: those installed, with their full revision (`1.32.9-1.1`). */
  readonly installed: Readonly<Record<string, { readonly revision: string; readonly status: string }>>;
  /** Names on hold (apt-mark) or version-locked, sorted. */
  readonly held: readonly string[];
  /** Which one installs: `dnf` is dnf 4. */
  readonly manager?: 'apt' | 'dnf' | 'dnf5' | 'yum';
}

/** Configured package sources that point at a Kubernetes community repository or a mirror of it. */
export interface RepositoryFact {
  readonly sources: readonly PackageSource[];
  /** Sources of apt.kubernetes.io and yum.kubernetes.io, which are gone since March 2024. */
  readonly legacy?: readonly LegacySource[];
}
export type LegacySource = Pick<PackageSource, 'file' | 'line' | 'format' | 'enabled' | 'url' | 'section'>;
export interface PackageSource {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly format: 'list' | 'deb822' | 'repo';
  readonly enabled: boolean;
  /** The whole address, e.g. `https://pkgs.k8s.io/core:/stable:/v1.31/deb/`. */
  readonly url: string;
  /** What stands before `core:`, without a trailing slash. */
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

/** What the repository of each asked minor offers, whether or not it is configured now. By minor (`1.32`). */
export type OfferedFact = Readonly<Record<string, OfferedMinor>>;
export interface OfferedMinor {
  readonly url: string;
  /** By package: revisions (`1.32.9-1.1`), newest first. Empty when unreachable. */
  readonly revisions: Readonly<Record<string, readonly string[]>>;
  /** Why it could not be read. */
  readonly error?: string;
}

/** What the binaries themselves say, without a leading `v`; undefined where the binary is missing. */
export interface BinariesFact {
  readonly kubeadm?: string;
  readonly kubelet?: string;
  readonly kubectl?: string;
}

/** Images of /etc/kubernetes/manifests by component (`kube-apiserver`, `etcd` ...). Empty on workers. */
export interface StaticPodsFact {
  readonly components: Readonly<Record<string, { readonly image: string; readonly tag: string }>>;
  /** From the API server manifest's advertise-address annotation (else its flags): `10.0.0.11:6443`. */
  readonly apiServerEndpoint?: string;
}

export interface KubeletFact {
  /** `server:` of /etc/kubernetes/kubelet.conf. */
  readonly server?: string;
  /** The common name of its client certificate without `system:node:`, if readable: the Node object's name. */
  readonly nodeName?: string;
  readonly active: boolean;
  /** Seconds since the epoch at which the running process started, by the node's clock. */
  readonly startedAt?: number;
  /** Seconds since the epoch of the last change of /usr/bin/kubelet (ctime), by the node's clock. */
  readonly binaryChangedAt?: number;
  /** /healthz on 127.0.0.1:10248 answered ok. */
  readonly healthy: boolean;
  /** The release whose `kubeadm upgrade node` wrote this node's configuration. No node can tell it: it stands only in projected facts. */
  readonly configuredFor?: string;
}

/** What lies ready on a node for later steps. */
export interface PrefetchedFact {
  /** By package: the revisions (`1.32.9-1.1`) whose archives are in the package manager's cache. */
  readonly archives: Readonly<Record<string, readonly string[]>>;
  /** By release (`1.32.9`): the images that a prefetch found this node to need for it. */
  readonly needs: Readonly<Record<string, readonly string[]>>;
  /** Names with tags of all images here; empty while nothing is noted in `needs`. */
  readonly images: readonly string[];
}

/** Updates of the operating system, without the Kubernetes packages. */
export interface OsUpdatesFact {
  /** Names of packages, sorted. */
  readonly pending: readonly string[];
  /** Why the sources could not all be asked. */
  readonly error?: string;
}
export interface RebootFact {
  /** What was installed asks for a reboot; undefined: nothing on the node can tell. */
  readonly required?: boolean;
  /** Why, or why not, for people. */
  readonly reason: string;
}

/** Room where an upgrade writes; places that are not there are left out. */
export interface DiskFact {
  readonly places: readonly DiskPlace[];
  /** Size of etcd's data; undefined where there is none. */
  readonly etcdBytes?: number;
}
export interface DiskPlace {
  readonly path: string;
  /** Mount point of its file system. */
  readonly mount: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that others than root may still take. */
  readonly free: number;
  /** Undefined where the file system does not count them. */
  readonly inodes?: number;
  readonly freeInodes?: number;
}

export interface PackageStateFact {
  /** Packages that `dpkg --audit` names, sorted. */
  readonly broken: readonly string[];
  /** Who works with packages at this moment. */
  readonly lock?: { readonly pid: number; readonly command: string; readonly file: string };
}

/** Keyrings that the Kubernetes package sources name; empty where nothing on the node can read them. */
export interface RepositoryKeysFact {
  /** Seconds since the epoch, by the node's clock. */
  readonly now?: number;
  readonly keyrings: readonly {
    readonly file: string;
    /** `expires` in seconds since the epoch; undefined: never. */
    readonly keys: readonly { readonly id: string; readonly expires?: number }[];
  }[];
}

/** How the kubelet is started. */
export interface KubeletSetupFact {
  readonly flags: readonly KubeletFlag[];
  /** Units and drop-ins in /etc in whose place the package brings others, which therefore never count. */
  readonly shadowing: readonly string[];
  /** Units and drop-ins of the same names in /etc to which the package brings no other (yet). */
  readonly ownUnits: readonly string[];
  /** /var/lib/kubelet/config.yaml; undefined where it cannot be read. */
  readonly config?: KubeletConfigFact;
}
export interface KubeletFlag {
  readonly file: string;
  /** Without dashes. */
  readonly name: string;
  /** Of the few flags whose value a rule reads. */
  readonly value?: string;
}

export interface KernelFact {
  /** Of the hierarchy that the kubelet uses; undefined: nothing tells. */
  readonly cgroup?: 'v1' | 'v2';
  readonly swaps: readonly { readonly name: string; readonly bytes: number }[];
  /** Sockets of container runtimes that the kubelet could use. */
  readonly sockets: readonly string[];
}

/** By how much the node's clock is ahead of the controller's, in seconds: between these two, as its answer took time. Empty: unknown. */
export interface ClockFact {
  readonly least?: number;
  readonly most?: number;
}

/** Facts of the cluster, read through kubectl. */
export interface ClusterFacts {
  readonly nodes?: readonly NodeObject[];
  readonly apiServers?: readonly ApiServerFact[];
  readonly pods?: readonly PodFact[];
  readonly pdbs?: readonly PdbFact[];
  readonly kubeadmConfig?: KubeadmConfigFact;
  readonly kubeProxy?: KubeProxyFact;
  readonly leases?: readonly LeaseFact[];
  readonly etcd?: EtcdFact;
  readonly coreDns?: CoreDnsFact;
  readonly webhooks?: readonly WebhookFact[];
  readonly kubeletConfig?: KubeletConfigFact;
}
export type ClusterFactId = keyof ClusterFacts;
export type FactId = NodeFactId | ClusterFactId;

export interface NodeObject {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly unschedulable: boolean;
  readonly taints: readonly { readonly key: string; readonly effect: string; readonly value?: string }[];
  /** What pods may ask for in all: cpu in thousandths, all else in units (bytes, pods). */
  readonly allocatable?: Amounts;
  readonly ready: boolean;
  /** The Ready condition's reason and message, for people. */
  readonly readyReason: string;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  /** Without a leading `v`. */
  readonly kubeletVersion: string;
  /** Without a leading `v`; empty from 1.36 on (no longer in nodeInfo). */
  readonly kubeProxyVersion: string;
  /** `containerd://2.0.5` */
  readonly containerRuntime?: string;
  readonly controlPlane: boolean;
}

/** One API server, asked directly at its own address, not through a load balancer. */
export interface ApiServerFact {
  /** The Node object's name. */
  readonly node: string;
  readonly endpoint: string;
  /** `1.31.9`; undefined when it did not answer. */
  readonly version?: string;
  readonly ready: boolean;
  readonly error?: string;
}

export interface PodFact {
  readonly namespace: string;
  readonly name: string;
  readonly node?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
  readonly ready: boolean;
  readonly deleting: boolean;
  /** The controlling owner, if any. */
  readonly controller?: { readonly kind: string; readonly name: string };
  /** A mirror of a static pod: no drain touches it. */
  readonly mirror: boolean;
  /** Names of emptyDir volumes. */
  readonly emptyDirs: readonly string[];
  /** The first container's image, for control-plane mirror pods. */
  readonly images: readonly string[];
  readonly restarts: number;
  /** What the scheduler reserves for it. */
  readonly requests?: Amounts;
  readonly tolerations?: readonly Toleration[];
  /** What binds it to certain nodes. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Required node affinity: one of these terms must hold. */
  readonly nodeAffinity?: readonly NodeTerm[];
  /** What else binds it, in words: no rule of ours judges it. */
  readonly bound?: readonly string[];
  /** Whoever must let go of it before a deletion comes to its end. */
  readonly finalizers?: readonly string[];
  /** ISO 8601: when its grace period ends, where it is being deleted. */
  readonly deletedAt?: string;
}
/** By resource: cpu in thousandths of one, all else in units (bytes for memory). */
export type Amounts = Readonly<Record<string, number>>;
export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}
export interface NodeTerm {
  readonly matchExpressions: LabelSelector['matchExpressions'];
  /** It asks for the node's name by `matchFields`. */
  readonly names?: readonly string[];
}

export interface PdbFact {
  readonly namespace: string;
  readonly name: string;
  readonly selector: LabelSelector;
  readonly minAvailable?: string;
  readonly maxUnavailable?: string;
  readonly disruptionsAllowed: number;
  readonly expectedPods: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly generation: number;
  readonly observedGeneration: number;
  /** spec.unhealthyPodEvictionPolicy is AlwaysAllow: pods that are not ready may always go. */
  readonly freesUnhealthy?: true;
}
export interface LabelSelector {
  /** There is no selector at all (or an empty one in policy/v1beta1): it covers no pod. */
  readonly matchesNothing?: true;
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

export interface KubeadmConfigFact {
  /** `kubernetesVersion` of ClusterConfiguration without `v`. */
  readonly kubernetesVersion: string;
  readonly controlPlaneEndpoint?: string;
  readonly imageRepository?: string;
  /** extraArgs (without dashes) and the names of extraVolumes, by component (`kube-apiserver`, `etcd` ...). */
  readonly extra?: Readonly<
    Record<
      string,
      {
        readonly flags: readonly { readonly name: string; readonly value: string }[];
        readonly volumes: readonly string[];
      }
    >
  >;
}

/** The kubelet configuration of the cluster, which kubeadm writes to each node that it upgrades. */
export interface KubeletConfigFact {
  /** There is no such ConfigMap (before 1.24 it had the minor in its name), or it may not be read. */
  readonly missing?: true;
  readonly failCgroupV1?: boolean;
  readonly failSwapOn?: boolean;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export interface KubeProxyFact {
  /** The DaemonSet's image tag without `v`; undefined where there is no kube-proxy. */
  readonly version?: string;
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
}

export interface LeaseFact {
  readonly node: string;
  /** ISO 8601 as the kubelet wrote it. */
  readonly renewTime: string;
}

/** The members of etcd, as one of them tells. */
export interface EtcdFact {
  /** It is not made of static pods: kubeadm does not touch it. */
  readonly external: boolean;
  /** What was asked: a pod (`etcd-cp1`), `crictl`, or the endpoints of an external one. */
  readonly source?: string;
  /** In hexadecimal. */
  readonly clusterId?: string;
  /** Empty where there is an `error`. */
  readonly members: readonly EtcdMember[];
  /** Why nothing is known. */
  readonly error?: string;
}
export interface EtcdMember {
  /** In hexadecimal, as `etcdctl member remove` takes it. */
  readonly id: string;
  /** Empty while it never started. kubeadm names a member as its Node object. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly learner: boolean;
  /** It answered `endpoint health`; undefined: that question got no answer. */
  readonly healthy?: boolean;
  /** Why it is not healthy. */
  readonly problem?: string;
  /** `3.5.24`; undefined where it did not answer, as all that follows. */
  readonly version?: string;
  /** Bytes. */
  readonly dbSize?: number;
  readonly dbSizeInUse?: number;
  readonly raftIndex?: number;
  /** The id of the leader that it knows. */
  readonly follows?: string;
  readonly leader: boolean;
  /** `NOSPACE`, `CORRUPT` */
  readonly alarms: readonly string[];
}

/** etcd on one machine, as its own files tell: no API server is asked. */
export interface EtcdHostFact {
  /** `pod`: a static pod, also one whose manifest a restore has moved aside; `unit`: systemd's etcd.service; undefined: there is none. */
  readonly kind?: 'pod' | 'unit';
  readonly running: boolean;
  /** A process of kube-apiserver runs here. */
  readonly apiServer: boolean;
  readonly name?: string;
  readonly dataDir?: string;
  /** There is data of a member in it. */
  readonly hasData: boolean;
  readonly peerUrl?: string;
  /** sha256 of the authority that etcd trusts; hex. */
  readonly ca?: string;
  /** In hexadecimal; only while it answers. */
  readonly clusterId?: string;
  /** Runs whose restore has moved the data before it to DATA-DIR.before-RUN, where they are. */
  readonly aside?: readonly string[];
  /** What restores have come to here, by run: `prepared`, `stopped`, `placing`, `restored`, `started`. */
  readonly marks: Readonly<Record<string, readonly string[]>>;
}

/** Certificates of a node, as far as their ends could be read. */
export interface CertificatesFact {
  /** Seconds since the epoch, by the node's clock. */
  readonly now?: number;
  /** A kubeconfig stands for its client certificate. `notAfter` in seconds since the epoch. */
  readonly files: readonly { readonly path: string; readonly notAfter: number }[];
  /** They were renewed by a step that did not restart all that uses them. */
  readonly unfinished?: true;
  /** No static pod of etcd is on the machine. */
  readonly etcdElsewhere?: true;
}

/** /etc/kubernetes/admin.conf of a node. */
export interface AdminConfFact {
  readonly present: boolean;
  /** It may do everything; undefined: nobody could be asked. */
  readonly admin?: boolean;
  /** What kubectl said where the answer was not yes. */
  readonly error?: string;
}

export interface DeprecatedApi {
  /** Empty: the core group. */
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** `1.25` */
  readonly removedRelease: string;
}

/** The static pods' manifests by component: how they are started. Without dashes, `true` where a flag has no value. */
export type ManifestsFact = Readonly<
  Record<
    string,
    {
      readonly flags: readonly { readonly name: string; readonly value: string }[];
      readonly volumes: readonly string[];
      /** Names of containers beside the first. */
      readonly sidecars: readonly string[];
    }
  >
>;

export interface CoreDnsFact {
  /** Undefined: there is no such ConfigMap. */
  readonly corefile?: string;
  /** Undefined: there is no such Deployment. */
  readonly image?: string;
  readonly resources?: {
    readonly limits: Readonly<Record<string, string>>;
    readonly requests: Readonly<Record<string, string>>;
  };
}

/** One webhook of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration. */
export interface WebhookFact {
  readonly kind: string;
  readonly configuration: string;
  readonly name: string;
  /** Requests are refused while it does not answer (failurePolicy: Fail). */
  readonly fails: boolean;
  /** Undefined: it is asked at an address outside. */
  readonly service?: { readonly namespace: string; readonly name: string };
  /** Of that Service; undefined: there is none, or it selects no pods. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly rules: readonly {
    readonly groups: readonly string[];
    readonly resources: readonly string[];
    readonly operations: readonly string[];
  }[];
}
