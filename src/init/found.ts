import type { Diagnostic } from '../diagnostic.ts';

/** How to log in, in the words of our inventory; what the source does not say is left out. */
export interface Login {
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: readonly string[];
  readonly knownHosts?: readonly string[];
  readonly jump?: readonly (string | Jump)[];
  /** Never a password itself. */
  readonly passwordFrom?: string;
}

export interface Jump {
  readonly host: string;
  readonly user?: string;
  readonly port?: number;
  readonly identityFile?: readonly string[];
}

export interface FoundNode {
  readonly name: string;
  readonly host: string;
  /** Undefined: the source does not say it. */
  readonly role?: 'control-plane' | 'worker' | 'other';
  readonly ssh: Login;
  /** What is not known for sure, by the field that it is about. */
  readonly notes: NodeNotes;
}

export type NodeField = 'name' | 'host' | 'role' | 'ssh';
export type NodeNotes = Readonly<Partial<Record<NodeField, string>>>;

export interface FoundBecome {
  readonly method: 'sudo' | 'doas' | 'su' | 'none';
  readonly user?: string;
  readonly passwordFrom?: string;
  readonly note?: string;
}

/** What a source says of a cluster. */
export interface Found {
  /** The name of the cluster, where the source has one. */
  readonly cluster?: string;
  /** The release of Kubernetes that the source names, without `v`. */
  readonly version?: string;
  readonly nodes: readonly FoundNode[];
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly become?: FoundBecome;
  /** What concerns no single node: what was left out, and what the source cannot say. */
  readonly notes: readonly string[];
}

/** A reader never throws: what is wrong with the source has its place in the file. */
export interface Read {
  /** Undefined where there is an error. */
  readonly found?: Found;
  readonly diagnostics: readonly Diagnostic[];
}

/** Names that a source gives to machines need not be those of the Node objects. */
export const NAME_NOTE = 'not known to be the name that `kubectl get nodes` shows: compare';

/** Only what is defined: an inventory has no empty keys. */
interface Keyed {
  readonly user: string | undefined;
  readonly port: number | undefined;
  readonly key: string | undefined;
}

/** A login of tools that log in as root unless they are given another user, at a bastion too. */
export function rootLogin(node: Keyed, bastion: (Keyed & { readonly host: string }) | undefined): Login {
  const own = ({ user, port, key }: Keyed) => ({
    user: user ?? 'root',
    port,
    identityFile: key === undefined ? undefined : [key],
  });
  return defined<Login>({
    ...own(node),
    jump: bastion && [defined<Jump>({ host: bastion.host, ...own(bastion) })],
  });
}

export function defined<T extends object>(parts: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T;
}
