import type { ZodType } from 'zod';
import type { ClusterFactId, ClusterFacts, FactId, Facts, NodeFacts } from '../facts/facts.ts';
import type { NodeObject } from '../facts/nodes.ts';

/** The node a planned step is about, as the inventory has it. */
export interface ActionNode {
  readonly name: string;
  readonly host: string;
  readonly role: 'control-plane' | 'worker' | 'other';
}

/** What an inventory says that scripts need. */
export interface ActionSettings {
  /** `packages.baseUrl`, only where the inventory gives one; else the configured source's own is kept. */
  readonly packagesBaseUrl?: string;
  /** Path of the kubeconfig where kubectl runs. */
  readonly kubeconfig: string;
  /** The inventory's name for the cluster. */
  readonly cluster?: string;
}

export interface ActionContext<W> {
  readonly with: W;
  readonly node: ActionNode;
  readonly nodes: readonly ActionNode[];
  readonly facts: Facts;
  readonly settings: ActionSettings;
  /** The run's id; while planning, `RUN`. */
  readonly run: string;
  /** What a `run:` step itself says. */
  readonly own?: OwnScript;
  /** The step's own time limit in milliseconds, where the runbook gives one; known while its script is made. */
  readonly limit?: number;
  /** The node as it stood when the run was planned; undefined: take it that nothing of it was changed yet. */
  readonly before?: { readonly unschedulable: boolean; readonly held: readonly string[]; readonly boot?: string };
}

export interface OwnScript {
  readonly script: string;
  /** A script that exits with 0 where the step is done. */
  readonly check?: string;
  /** Did it exit with 0? Undefined: it was not run. */
  readonly passed?: boolean;
}

/** One line of what a step does, as an operator would type it, and the whole POSIX sh script it comes from. */
export interface StepScript {
  /** The commands as shown by `plan`, one per line, in order, without plumbing. */
  readonly commands: readonly string[];
  /** Runs under `sh` as root (become), from any directory, stdin /dev/null. Exit 0 = the commands succeeded. */
  readonly text: string;
}

export interface Verdict {
  readonly done: boolean;
  /** Why, in one line: `kubeadm 1.32.9-1.1 is installed and on hold`. */
  readonly reason: string;
}

/**
 * One thing a runbook can `uses:`. Everything is pure and judged on facts; only the engine runs scripts.
 * What an action adds to a run: its script, when it is already done, what the facts will be after it.
 */
export interface Action<W = unknown> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** The action's `with`; unknown keys are errors. */
  readonly schema: ZodType<W>;
  /** Where the script runs: on the node itself, or where kubectl is. */
  readonly place: 'node' | 'kubectl';
  /** `none`: reads only. `once`: never sent again while its outcome is unknown. `repeatable`: may be. */
  readonly effect: 'none' | 'once' | 'repeatable';
  /** Default time limit in milliseconds (of the script; without a script, of the waiting). */
  readonly timeout: number;
  readonly onTimeout: 'kill' | 'leave';
  /** Facts that `isDone`, `script`, `project` and `verify` read. */
  readonly facts: readonly FactId[];
  /** The facts of these that tell its outcome, read again after its script until it is so; default: all of {@link facts}. */
  readonly outcomeFacts?: readonly FactId[];
  /** Guards asked before the step, on fresh facts. */
  readonly guards: readonly string[];
  /** Milliseconds after a successful script within which `verify` must come true (facts are read again meanwhile). */
  readonly settle: number;
  /**
   * `out`: takes the node out of service; `in`: brings it back. An `out` is done when no step up to its `in` has anything left
   * to do, so that a second run drains nobody.
   */
  readonly service?: 'out' | 'in';
  /** It only makes way for what follows on the node, up to its `in`: done, too, when none of that has anything left to do. */
  readonly makesWay?: true;
  /** The Kubernetes release that it brings about or waits for, if `with` names one: `1.32.9`. */
  target?(options: W): string | undefined;
  /** Where the script runs, where `with` says it. */
  placeOf?(options: W): 'node' | 'kubectl' | 'control-plane' | 'local';
  /** The time limit that follows from `with`, in milliseconds, in place of `timeout`; a step's own `timeout:` still wins. */
  timeoutOf?(context: ActionContext<W>): number;
  /** The exit status by which its script says that the node is to be left out of the phase's further steps; undefined: none. */
  leavesOutAt?(options: W): number | undefined;
  /** Its node's reboot is its aim: one that came while its script ran is its success, whatever asks for another. */
  readonly reboots?: true;
  /** It judges the whole cluster: skipped where nodes were left out. */
  readonly wholeCluster?: true;
  /** Its script only looks, and is run while planning too, where nothing before it would change anything: if it fails, `apply` refuses. */
  readonly asksAhead?: true;
  /** Why this action cannot work on this node at all (its package manager), in one line with what to do; undefined: it can. */
  unsupported?(context: ActionContext<W>): string | undefined;
  /** Those of `with` that are paths on the operator's machine: the plan holds them absolute, as a resume may be started elsewhere. */
  readonly localPaths?: readonly string[];
  /** Files of the operator's machine and of the node that it judges by; they are in `facts.files`. */
  looksAt?(context: ActionContext<W>): FilesToLookAt;
  /** Files that are brought to where the script runs, before each attempt. Their content is in no script, journal or log. */
  sends?(context: ActionContext<W>): readonly SentFile[];
  /** Files that hold a secret: made on a control plane, and brought to where the script runs before each attempt. */
  makes?(context: ActionContext<W>): readonly MadeFile[];
  /** Files that are brought from where the script ran to the operator's machine, once it has succeeded. */
  fetches?(context: ActionContext<W>): readonly FetchedFile[];
  /** Undefined: nothing to run, the step waits until `isDone` is true (wait-node-ready). */
  script?(context: ActionContext<W>): StepScript;
  /** For steps that ask a person: the question. Only a yes lets the run go on. */
  asks?(context: ActionContext<W>): string;
  /** For steps without a script: the commands that show what is waited for. */
  waitsFor?(context: ActionContext<W>): readonly string[];
  /** Follows its script while it runs. */
  watch?(context: ActionContext<W>, observing: Observing): Watch;
  /** A script that writes on the Node object why the node was left out of service; undefined: there is none to write on. */
  noteFailure?(context: ActionContext<W>, reason: string): string | undefined;
  isDone(context: ActionContext<W>): Verdict;
  /** The outcome apart from what the tool printed, on fresh facts; `before` are the facts ahead of the script, as far as they are known. Default: isDone. */
  verify?(context: ActionContext<W>, before: Facts): Verdict;
  /** The facts as they will be once it has succeeded. */
  project(context: ActionContext<W>): Facts;
}

/** Follows one attempt of a script, from its start to its end. */
export interface Watch {
  /** Complete lines of either stream, in the order of each. */
  saw(text: string): void;
  /** What it waited for last, for the reason of a failure. */
  note(): string | undefined;
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

/** Paths; on the operator's machine `~/` is his home, and what is relative starts in his current folder. */
export interface FilesToLookAt {
  readonly local?: readonly { readonly path: string; /** Its content too, if it is small. */ readonly text?: true }[];
  /** Absolute. */
  readonly node?: readonly string[];
}

export interface SentFile {
  readonly local: string;
  /** Absolute; written under another name, compared by sha256, and renamed. Its folder is made where it is missing. */
  readonly remote: string;
  readonly mode: number;
  /** The folder that is made for it is closed to all but root. */
  readonly closed?: true;
}

/** Its content passes through this program's memory, and is told to nobody. */
export interface MadeFile {
  /** For people: `a token to join by`. */
  readonly what: string;
  /** Runs on a control plane as root, and prints it. It may run again. */
  readonly script: string;
  /** Absolute, on a file system in memory; its folder is made where it is missing, closed to all but root. */
  readonly remote: string;
  readonly mode: number;
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

/** Copies facts with one node's facts changed. */
export function withNode(facts: Facts, name: string, change: (node: NodeFacts) => NodeFacts): Facts {
  return { ...facts, nodes: { ...facts.nodes, [name]: change(facts.nodes[name] ?? {}) } };
}

/** Copies facts with one Node object changed. */
export function withNodeObject(facts: Facts, objectName: string, change: (node: NodeObject) => NodeObject): Facts {
  const nodes = facts.cluster?.nodes;
  if (!nodes) return facts;
  return {
    ...facts,
    cluster: { ...facts.cluster, nodes: nodes.map((node) => (node.name === objectName ? change(node) : node)) },
  };
}
