import type { Fact } from './fact.ts';
import type { clusterFacts, nodeFacts } from './registry.ts';
import type { SoftwareFact } from './software.ts';
import type { TargetKubeadmFact } from './target-kubeadm.ts';
import type { UnitFact } from './units.ts';

/** Everything that is observed. Pure data: saved as facts.json, hashed for the plan, handed to guards and actions. */
export interface Facts {
  /** By the node's name in the inventory. */
  readonly nodes: Readonly<Record<string, NodeFacts>>;
  /** Undefined where no planned action asks for Kubernetes. */
  readonly cluster?: ClusterFacts;
  /** Files planned actions ask for ({@link Action.looksAt}), on the operator's machine and nodes, by path as given. */
  readonly files?: FileFacts;
  /** Did the `check:` of a planned step exit with 0? By step key. */
  readonly checks?: Readonly<Record<string, boolean>>;
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
  /** Its last 32 bytes are the sha256 of the rest, as by `etcdctl snapshot save`; only on the operator's machine. */
  readonly sealed?: boolean;
  /** Its content, where that was asked for and is small. */
  readonly text?: string;
}

/** What each fact of a registry is read as. */
export type ValuesOf<Registry> = {
  readonly [Id in keyof Registry]: Registry[Id] extends Fact<infer Value> ? Value : never;
};

/** Facts of one machine. A fact that was not asked for is undefined. */
export type NodeFacts = Partial<ValuesOf<typeof nodeFacts>> & {
  readonly targetKubeadm?: TargetKubeadmFact;
  /** Packages that planned actions look at, by name. */
  readonly software?: Readonly<Record<string, SoftwareFact>>;
  /** Units of systemd that planned actions look at, by the name that they are given. */
  readonly units?: Readonly<Record<string, UnitFact>>;
};
/** Facts of the cluster, read through kubectl. */
export type ClusterFacts = Partial<ValuesOf<typeof clusterFacts>>;

export type NodeFactId = keyof typeof nodeFacts;
export type ClusterFactId = keyof typeof clusterFacts;
export type FactId = NodeFactId | ClusterFactId;
