import type { ApiServerEndpoint } from './api-server-endpoints.ts';
import type { ClusterFactId, ClusterFacts, FactId } from './facts.ts';

/** Runs a read-only POSIX sh script where the facts are read. */
export type Probe = (
  script: string,
) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;

export interface FactOptions {
  /** What a machine that is no node of a cluster does not have is left out, and no error. */
  readonly asFarAsThere?: boolean;
  /** The node's name (or the place where kubectl runs), for messages. */
  readonly host?: string;
  /** Minors (`1.32`) whose repositories are asked for what they offer. */
  readonly minors?: readonly string[];
  /** Base address of the package repositories; else that of the configured source. */
  readonly packagesBaseUrl?: string;
  readonly kubeconfig: string;
  /** Where each API server answers, by Node object; else read from the cluster. */
  readonly apiServerEndpoints?: readonly ApiServerEndpoint[];
  /** The controller's clock, in milliseconds since the epoch; else the machine's own. */
  readonly now?: () => number;
  /** What a fact {@link Fact.needs}. */
  readonly earlier?: ClusterFacts;
  /** Runs several scripts, each on its own, in place of one that is made of all. */
  readonly probeEach?: (scripts: readonly string[]) => Promise<readonly Awaited<ReturnType<Probe>>[]>;
  /** Facts of the cluster that need not be asked for where kubectl gets an answer. */
  readonly known?: KnownFacts;
}

/** What is known without kubectl, as it is now. */
export interface KnownFacts {
  /** Undefined: it is asked. @param options with which it would be asked */
  value<Id extends ClusterFactId>(id: Id, options: FactOptions): ClusterFacts[Id];
  /** Whether kubectl would get an answer; false: it is asked. */
  isAnswering(options: FactOptions): Promise<boolean>;
}

/** One observed value: the command that reads it, and the pure parser of what it prints. */
export interface Fact<T> {
  /** What is run, in short, for messages. */
  readonly command: string;
  /** Facts of the cluster that its script is made from: it runs in a second script, after theirs. */
  needs?(options: FactOptions): readonly ClusterFactId[];
  /** POSIX sh, read only, for root, `LC_ALL=C`, stdin /dev/null. Its last status: 0, or the fact could not be read. */
  script(options: FactOptions): string;
  /** A pipe for the output that makes it smaller. */
  readonly filter?: string;
  /** @throws Error saying what could not be understood */
  parse(output: string, options: FactOptions): T;
  /** What to do when it cannot be read. */
  readonly remedy: string;
}

/** A fact that could not be read: where, by which command, its output, what to do next. */
export class FactError extends Error {
  override readonly name = 'FactError';
  readonly node: string;
  readonly fact: FactId;
  readonly command: string;
  /** The command's exit status; 0 where its output could not be understood. */
  readonly code: number;
  /** The last lines of its stderr. */
  readonly stderr: readonly string[];
  readonly remedy: string;
  /** Of what was printed, where it could not be understood; undefined: it exited with {@link code}. */
  readonly reason?: string;

  constructor(evidence: Omit<FactErrorEvidence, 'reason'> & { readonly reason?: string }, options?: ErrorOptions) {
    super(messageOf(evidence), options);
    this.node = evidence.node;
    this.fact = evidence.fact;
    this.command = evidence.command;
    this.code = evidence.code;
    this.stderr = evidence.stderr;
    this.remedy = evidence.remedy;
    if (evidence.reason !== undefined) this.reason = evidence.reason;
  }
}

interface FactErrorEvidence {
  readonly node: string;
  readonly fact: FactId;
  readonly command: string;
  readonly code: number;
  readonly stderr: readonly string[];
  readonly remedy: string;
  readonly reason: string;
}

function messageOf(evidence: Omit<FactErrorEvidence, 'reason'> & { readonly reason?: string }): string {
  const what = evidence.reason ?? `\`${evidence.command}\` exited with ${evidence.code}`;
  const output = evidence.stderr.length > 0 ? `: ${evidence.stderr.join(' | ')}` : '';
  return `cannot read ${evidence.fact} on ${evidence.node}: ${what}${output}. ${evidence.remedy}`;
}
