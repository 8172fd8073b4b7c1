import type { Channel } from '../transport/transport.ts';

/** What is sent to a node as one durable attempt of one planned step. */
export interface AttemptSpec {
  /** The run's folder on the node; `[a-z0-9-]+`. */
  readonly run: string;
  /** `<step>.<attempt>`, e.g. `3.2-drain.1`; `[A-Za-z0-9._-]+`. */
  readonly id: string;
  /** POSIX sh, run by `sh` in a session of its own with stdin from /dev/null. */
  readonly script: string;
  /**
   * By name (`[A-Za-z0-9._-]+`) what the script finds in files of `$RUNBOOK_SECRETS`, a folder in memory that is
   * removed when it ends. Text without NUL; neither the script nor anything else that the node keeps has it.
   */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Milliseconds from launch, enforced on the node; 0: none. */
  readonly timeout: number;
  readonly onTimeout: 'kill' | 'leave';
  /** Which takeover of the run this controller is; a node refuses a lower one than it has seen for the run. */
  readonly epoch: number;
  /** The lock that the claim stands on; a node that knows a newer one, or that it was released, refuses. */
  readonly lock?: Fence;
  /** Bytes kept of each of stdout and stderr on the node; the rest is dropped there, and reported. */
  readonly maxOutput: number;
}

/** Bytes of the file that `$RUNBOOK_OUTPUT` names to a script; of a longer one, so many and one more are read. */
export const MOST_OUTPUTS = 64 * 1024;

/** A lock as nodes compare it. */
export interface Fence {
  readonly id: string;
  /** Higher than that of every lock before it in the same domain. */
  readonly fence: number;
  /** The nodes that keep the lock, as one word: other ones are locked apart. */
  readonly domain: string;
}

/** What a node knows about an attempt. */
export type AttemptState =
  /** No folder: it was never claimed there. */
  | { readonly kind: 'absent' }
  /** Claimed, but `launched` is missing and the claimer is gone: the script never ran. */
  | { readonly kind: 'never-ran' }
  | { readonly kind: 'running' }
  /** The script ended by itself. */
  | { readonly kind: 'exited'; readonly code: number }
  /** The node ended it at its time limit. */
  | { readonly kind: 'timed-out' }
  /** Ended by `cancel`. */
  | { readonly kind: 'cancelled' }
  /** Launched, and gone without a status: the node rebooted, or its supervisor was killed. */
  | { readonly kind: 'interrupted'; readonly rebooted: boolean };

/** Output as it arrives; each byte of each stream once and in order, also across reconnections. */
export interface OutputSink {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  /** That stream was longer than `maxOutput`: the node dropped the rest. Called once, at the end. */
  cut?(stream: 'stdout' | 'stderr'): void;
  /** What the script wrote into the file of `$RUNBOOK_OUTPUT`, if anything. Called once, when it has ended. */
  result?(bytes: Buffer): void;
}

export interface FollowFrom {
  readonly stdout: number;
  readonly stderr: number;
}

/** An attempt with that id exists already on the node: it must be asked, never sent again. */
export class AlreadyClaimed extends Error {
  override readonly name = 'AlreadyClaimed';
}

/** The node has seen a newer controller of this run. */
export class StaleEpoch extends Error {
  override readonly name = 'StaleEpoch';
}

/** The node knows that the claimer's lock is another's by now, or was released: nothing ran. */
export class StaleLock extends Error {
  override readonly name = 'StaleLock';
}

/** The node refused the claim (disk full, folder not writable, script damaged on its way): nothing ran. */
export class ClaimRefused extends Error {
  override readonly name = 'ClaimRefused';
}

/** The durable attempts of one node. Methods throw `ConnectionLost` when the link goes away; the attempt continues. */
export interface RemoteNode {
  /**
   * Claims, launches and follows until the attempt ended. With `onTimeout: leave`: `running` at the limit.
   * @throws AlreadyClaimed | StaleEpoch | StaleLock | ClaimRefused | ConnectionLost
   */
  start(spec: AttemptSpec, sink: OutputSink): Promise<AttemptState>;
  /** Follows an attempt from an offset until it ended (or, past `timeout` ms, while it still runs). */
  follow(run: string, id: string, from: FollowFrom, sink: OutputSink, timeout?: number): Promise<AttemptState>;
  status(run: string, id: string): Promise<AttemptState>;
  cancel(run: string, id: string): Promise<AttemptState>;
  /** Attempts of a run (or of all runs) that this node knows. */
  list(run?: string): Promise<readonly { run: string; id: string; state: AttemptState }[]>;
  /** Takes scripts and output of a finished run away; one line per attempt stays. */
  sweep(run: string): Promise<void>;
  /** Makes ready what the attempts of a run there need. */
  prepare?(run: string, ids: readonly string[]): Promise<void>;
  /** Runs a read-only script at once, not durable. Output of any size up to 256 MiB. */
  probe(script: string, options?: { readonly timeout?: number }): Promise<ProbeResult>;
  /** Several of them, each on its own, where the node has a quicker way to their answers. */
  probeEach?(scripts: readonly string[]): Promise<readonly ProbeResult[]>;
  /** A channel of its own for the bytes of a file; the command is one line of POSIX sh. @throws ConnectionLost */
  open?(command: string): Promise<Channel>;
  close(): Promise<void>;
}

export interface ProbeResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
