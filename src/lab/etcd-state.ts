/** Which etcd cluster keeps the API's objects, and how far its revisions have come. */
export interface EtcdStore {
  /** As etcd makes it: 64 bits, another one after each restore. */
  clusterId: bigint;
  /** The revision at `since`. */
  revision: number;
  /** Milliseconds since the epoch. */
  since: number;
  /** Everything up to this revision is marked as compacted. */
  compacted: number;
  /** The name of the machine whose member led last. */
  leader?: string;
  namespaces: string[];
  /** ConfigMaps that were created. */
  configMaps: { namespace: string; name: string; data: Record<string, string> }[];
}

export function firstStore(now: number): EtcdStore {
  return {
    clusterId: 2637371641948146374n,
    revision: 1566,
    since: now,
    compacted: 0,
    namespaces: ['default', 'demo', 'kube-flannel', 'kube-node-lease', 'kube-public', 'kube-system'],
    configMaps: [],
  };
}

/** One member of etcd, apart from what its machine and static pod show. Each field can be set to plant a problem. */
export interface EtcdMemberState {
  /** `added`: it never started. `none`: it never was one, or was removed. */
  membership: 'started' | 'added' | 'none';
  /** How often it was added to the cluster: it gets another id each time. */
  added: number;
  /** The process is dead although the machine runs. */
  dead: boolean;
  learner: boolean;
  alarm?: 'NOSPACE' | 'CORRUPT';
  /** Bytes. */
  dbSize: number;
  /** Entries by which it is behind the others. */
  lag: number;
  /** The cluster that its data belong to; undefined: that of all. */
  clusterId?: bigint;
  /** The folder that it was started with. */
  dataDir?: string;
  /** The image of the pod that ran here last: its programs may have been kept. */
  lastImage?: string;
  /** It runs under systemd, not as a static pod. */
  unit?: EtcdUnit;
  /** What is known of the member that has run here all the time; else it follows from its machine. */
  known?: KnownMember;
}

export interface KnownMember {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  /** Of an etcd that is no static pod. */
  readonly version?: string;
  /** Bytes. */
  readonly dbSizeInUse?: number;
}

/** etcd.service */
interface EtcdUnit {
  active: boolean;
  /** Milliseconds since the epoch. */
  startedAt: number;
  readyAt: number;
  pid: number;
}

export function healthyMember(): EtcdMemberState {
  return { membership: 'started', added: 0, dead: false, learner: false, dbSize: 3_084_288, lag: 0 };
}
