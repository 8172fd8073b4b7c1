import type { ZodType } from 'zod';
import type { FactId, Facts } from '../facts/facts.ts';
import type { AsksPerson, Belongs, Looks, MovesFiles, Serves, TriesOut, Watches } from './lib/abilities.ts';

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
  /** The text that it sends, of a step that fills a template for its node; undefined: it was not read. */
  readonly filled?: Filled;
  /** What a `run:` step itself says. */
  readonly own?: OwnScript;
  /** The step's own time limit in milliseconds, where the runbook gives one; known while its script is made. */
  readonly limit?: number;
  /** The step's last attempt in this run failed or was cut off: a part of what its tool does may be done. */
  readonly cutOff?: true;
  /**
   * Addons (`kube-proxy`, `coredns`) that the cluster had when the run was planned, with how many of its pods were not
   * available; undefined: it was not asked.
   */
  readonly addons?: Readonly<Record<string, number>>;
  /** The node as it stood when the run was planned; undefined: take it that nothing of it was changed yet. */
  readonly before?: { readonly unschedulable: boolean; readonly held: readonly string[]; readonly boot?: string };
}

/** A local text with its `${{ }}` filled; with `error`, why it cannot be sent. */
export interface Filled {
  readonly sha256?: string;
  readonly text?: string;
  readonly error?: string;
}

export interface OwnScript {
  /** As it runs. */
  readonly script: string;
  /** As its author wrote it; the same unless given. */
  readonly shown?: string;
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

/** One thing a runbook can `uses:`, with the abilities that only some have. */
export interface Action<W = unknown>
  extends BaseAction<W>, MovesFiles<W>, AsksPerson<W>, Looks<W>, Watches<W>, Serves<W>, TriesOut<W>, Belongs {}

/**
 * What every action adds to a run: its script, when it is already done, what the facts will be after it. All of it
 * is pure and judged on facts; only the engine runs scripts.
 */
interface BaseAction<W> {
  readonly name: string;
  /** One line for people. */
  readonly summary: string;
  /** The action's `with`; unknown keys are errors. */
  readonly schema: ZodType<W>;
  /** Keys of `with` that hold POSIX sh. */
  readonly shellKeys?: readonly string[];
  /** Where the script runs: on the node itself, or where kubectl is. */
  readonly place: 'node' | 'kubectl';
  /** `none`: reads only. `once`: never sent again while its outcome is unknown. `repeatable`: may be. */
  readonly effect: 'none' | 'once' | 'repeatable';
  /** Default time limit in milliseconds (of the script; without a script, of the waiting). */
  readonly timeout: number;
  /**
   * How long it takes on a healthy cluster, in milliseconds: for estimates. Measured on real kubeadm clusters
   * (KUBERNETES.md, docs/real-cluster.md); on the side of too long where that depends on pods or on the network.
   */
  readonly usually?: number;
  readonly onTimeout: 'kill' | 'leave';
  /** Facts that `isDone`, `script`, `project` and `verify` read. */
  readonly facts: readonly FactId[];
  /** The facts of these that show its outcome, read after its script until it is true; default: all {@link facts}. */
  readonly outcomeFacts?: readonly FactId[];
  /** Guards asked before the step, on fresh facts. */
  readonly guards: readonly string[];
  /** Milliseconds after a successful script within which `verify` must come true (facts are read again meanwhile). */
  readonly settle: number;
  /** The Kubernetes release that it brings about or waits for, if `with` names one: `1.32.9`. */
  target?(options: W): string | undefined;
  /** Is `version` in these options, as they are written, a release of Kubernetes? Undefined: it always is. */
  ofRelease?(options: Readonly<Record<string, unknown>>): boolean;
  /** Where the script runs, where `with` says it. */
  placeOf?(options: W): 'node' | 'kubectl' | 'control-plane' | 'local';
  /** The time limit in milliseconds that follows from `with`, instead of `timeout`; a step's own `timeout:` wins. */
  timeoutOf?(context: ActionContext<W>): number;
  /** Its node's reboot is its aim: one that came while its script ran is its success. */
  readonly reboots?: true;
  /** It judges the whole cluster: skipped where nodes were left out. */
  readonly wholeCluster?: true;
  /** Why this action cannot work on this node (its package manager), in one line with what to do; undefined: it can. */
  unsupported?(context: ActionContext<W>): string | undefined;
  /** Undefined: nothing to run, the step waits until `isDone` is true (wait-node-ready). */
  script?(context: ActionContext<W>): StepScript;
  isDone(context: ActionContext<W>): Verdict;
  /**
   * The outcome on fresh facts, apart from what the tool printed. Default: isDone.
   * `before` are the facts ahead of the script, as far as they are known.
   */
  verify?(context: ActionContext<W>, before: Facts): Verdict;
  /** The facts as they will be once it has succeeded. */
  project(context: ActionContext<W>): Facts;
}
