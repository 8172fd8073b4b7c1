import type { ClusterFactId, ClusterFacts } from '../../facts/facts.ts';
import type { KubeadmQuestion } from '../../facts/lib/ask-kubeadm.ts';
import type { SoftwareQuestion } from '../../facts/software.ts';
import type { ActionContext, Filled } from '../action.ts';

/** Brings files to the node or from it. */
export interface MovesFiles<W> {
  /** Paths in `with` on the operator's machine. The plan holds them absolute: a resume may start elsewhere. */
  readonly localPaths?: readonly string[];
  /** Those of them that are files which must be there. A relative one starts in the folder of the runbook. */
  readonly sources?: readonly string[];
  /** Keys of `with`: where `when` is true, the text of the local file in `source` is filled for each node. */
  readonly fills?: { readonly when: string; readonly source: string };
  /**
   * What it judges by beside its facts: files of the operator's machine and of the node, which are then
   * in `facts.files`, packages and units of the node, which are then in the node's `software` and `units`.
   */
  looksAt?(context: ActionContext<W>): LooksAt;
  /** Files brought to where the script runs, before each attempt. No script, journal or log has their content. */
  sends?(context: ActionContext<W>): readonly SentFile[];
  /** Secrets that are made on a control plane before each attempt; its script finds them in `$RUNBOOK_SECRETS/NAME`. */
  makes?(context: ActionContext<W>): readonly MadeSecret[];
  /** Files that are brought from where the script ran to the operator's machine, once it has succeeded. */
  fetches?(context: ActionContext<W>): readonly FetchedFile[];
}

export interface AsksPerson<W> {
  /** For steps that ask a person: the question. Only a yes lets the run go on. */
  asks?(context: ActionContext<W>): string;
}

/** Changes nothing. */
export interface Looks<W> {
  /** Its script only looks. A plan runs it too, if no step before it changes anything; if it fails, `apply` refuses. */
  readonly asksAhead?: true;
  /** For steps without a script: the commands that show what is waited for. */
  waitsFor?(context: ActionContext<W>): readonly string[];
}

export interface TriesOut<W> {
  /**
   * What its tool of the step's release is asked on the node before it is installed there; undefined: nothing.
   * `fetched`: a prefetch left the package on the node.
   */
  question?(context: ActionContext<W>, fetched: boolean): KubeadmQuestion | undefined;
  /** Leaves the packages of its release ready on the node: what they can be asked is asked as soon as it is done. */
  readonly fetchesAhead?: true;
}

/** Takes nodes out of service or brings them back. */
export interface Serves<W> {
  /**
   * `out`: takes the node out of service; `in`: brings it back. An `out` is done when no step up to its `in` has
   * anything left to do, so that a second run drains no node.
   */
  readonly service?: 'out' | 'in';
  /** It only makes way for the node's steps up to its `in`: also done when none of them has anything left to do. */
  readonly makesWay?: true;
  /** The exit status of its script that leaves the node out of the phase's further steps; undefined: none. */
  leavesOutAt?(options: W): number | undefined;
  /**
   * Variables for its script where `holders` left out other nodes of the run: whatever they hold here as well is not
   * waited for as long again.
   */
  knownHolders?(context: ActionContext<W>, holders: readonly string[]): Readonly<Record<string, string>>;
  /** A script that writes on the Node object why the node was left out of service; undefined: there is no object. */
  noteFailure?(context: ActionContext<W>, reason: string): string | undefined;
}

/** Changes whether its node belongs to the cluster. */
export interface Belongs {
  /** `joins`: the node may be none of the cluster before; `leaves`: after it, and it may be switched off. */
  readonly membership?: 'joins' | 'leaves';
}

export interface Watches<W> {
  /** Follows its script while it runs. */
  watch?(context: ActionContext<W>, observing: Observing): Watch;
}

/** Follows one attempt of a script, from its start to its end. */
export interface Watch {
  /** Complete lines of either stream, in the order of each. */
  saw(text: string): void;
  /** What it waited for last, for the reason of a failure. */
  note(): string | undefined;
  /** By name, what held it at its end: kept in the journal where that leaves its node out. */
  holders?(): readonly string[];
  /** What belongs to the outcome besides. */
  remark(): string | undefined;
  close(): void;
}

/** What a watch may do. Times in milliseconds. */
export interface Observing {
  now(): number;
  /** Resolves early when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Shows a message about the running step. */
  show(message: string): void;
  /** Reads facts of the cluster beside the run. Undefined: no answer. */
  read(ids: readonly ClusterFactId[]): Promise<ClusterFacts | undefined>;
}

/** Paths; on the operator's machine `~/` is the home folder, and what is relative starts in the current folder. */
export interface LooksAt {
  readonly local?: readonly { readonly path: string; /** Its content too, if it is small. */ readonly text?: true }[];
  /** Absolute. */
  readonly node?: readonly string[];
  readonly packages?: readonly SoftwareQuestion[];
  /** Names of units of systemd, as systemctl takes them. */
  readonly units?: readonly string[];
}

export interface SentFile {
  readonly local: string;
  /** Sent in place of what is in the file. */
  readonly filled?: Filled;
  /** Absolute; written under another name, compared by sha256, and renamed. Its folder is made where it is missing. */
  readonly remote: string;
  readonly mode: number;
  /** The folder that is made for it is closed to all but root. */
  readonly closed?: true;
}

/** Its content passes through this program's memory, and is never shown. */
export interface MadeSecret {
  /** Of its file. */
  readonly name: string;
  /** For people: `a token to join by`. */
  readonly what: string;
  /** Runs on a control plane as root, and prints it. It may run again. */
  readonly script: string;
}

export interface FetchedFile {
  readonly remote: string;
  readonly local: string;
  readonly mode: number;
  /** Taken away on the node, once it is here. */
  readonly remove?: true;
  /** Of the files in the same folder with such names, only so many of the newest are kept, this one among them. */
  readonly keep?: {
    readonly count: number;
    readonly names: RegExp;
    /** Endings of files that go with them. */ readonly with: readonly string[];
  };
}
