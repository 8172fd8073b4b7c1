import type { Emit, KnownCause } from '../event.ts';
import type { Facts } from '../facts/facts.ts';
import type { Journal } from '../journal/journal.ts';
import type { StepProgress } from '../journal/progress.ts';
import type { BoundPhase } from '../plan/bind.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { Fence } from '../remote/attempt.ts';
import type { Clock } from './clock.ts';
import type { Links } from './links.ts';
import { LocalFiles } from './local-file.ts';
import type { Observer } from './observe.ts';
import type { TimeLeft } from './time-left.ts';

/** What the operator may ask of a run while it works. */
export interface Control {
  /** Finish the running step, start nothing new. */
  readonly stop: AbortSignal;
  /** Leave the running step running on its node and end now. */
  readonly leave: AbortSignal;
}

/** What bounds a run besides its plan. */
export interface Bounds {
  /** No node is started that would not be done by then. Milliseconds since 1970. */
  readonly until?: number;
  /** So many nodes are worked on, then the run pauses. */
  readonly maxNodes?: number;
}

/** Everything that the engine works with. */
export interface RunContext {
  readonly plan: Plan;
  /** The plan's phases with their steps bound. */
  readonly phases: readonly BoundPhase[];
  readonly run: string;
  readonly epoch: number;
  readonly links: Links;
  readonly observer: Observer;
  readonly journal: Journal;
  /** By step key; the engine keeps it in line with the journal. */
  readonly progress: Map<string, StepProgress>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly control: Control;
  readonly bounds?: Bounds;
  /**
   * Looks at the run's lock: beside each reading of facts, and awaited right before each claim, when nothing slow comes
   * in between any more. @throws Failure (locked)
   */
  readonly assertHeld?: () => Promise<void>;
  /** Sent with each claim: the node compares it. Undefined where no node keeps a lock. */
  readonly lock?: Fence;
  /** The secret that an input names. @throws Failure where its source gives nothing */
  readonly secret?: (input: string) => Promise<string>;
  /** Asks a person whether the run may continue; undefined where no person can be asked. */
  readonly ask?: (step: PlanStep, question: string) => Promise<Answer>;
  readonly log: LogOpener;
  readonly logFile: (step: PlanStep, attempt: number) => string;
  readonly state: RunState;
  readonly time: TimeLeft;
  /** Names known texts in the last lines of an output. */
  readonly recognise: (lines: readonly string[]) => readonly KnownCause[];
  /** What is known now; undefined until it is first needed (a resume may have to wait for a running step first). */
  facts: Facts | undefined;
}

/** What one run remembers of itself. */
export class RunState {
  /** The first reading of a run that knows nothing yet: the other nodes of the batch wait for it. */
  firstReading: Promise<Facts> | undefined;
  /** Steps with an attempt whose end was not known when last looked; undefined: not looked yet. */
  open: readonly string[] | undefined;
  /** Findings about every node that were reported already. */
  readonly reported = new Set<string>();
  readonly localFiles = new LocalFiles();
  /** By node, the records of its steps that are on their way to disk, and what is reported once they are there. */
  readonly #unwritten = new Map<string, Promise<void>>();

  /** Whoever starts something on the node, or reports, waits for {@link written}. */
  writes(node: string, writing: Promise<unknown>): void {
    const all = Promise.all([this.#unwritten.get(node), writing]).then(() => undefined);
    // Who waits for it sees the failure, as does the next record.
    all.catch(() => undefined);
    this.#unwritten.set(node, all);
  }

  /** Rejects with what the journal throws; who does not wait for it need not handle that. */
  written(node: string): Promise<void> {
    return this.#unwritten.get(node) ?? Promise.resolve();
  }
}

/** `how`: who said yes, and where, for the journal. */
export type Answer = { readonly approved: true; readonly how: string } | { readonly approved: false };

export type LogOpener = (
  step: Pick<PlanStep, 'node' | 'id'>,
  attempt: number,
) => { readonly file: string; readonly write: (chunk: Buffer) => void; readonly close: () => void };

/** Thrown to leave a step where it is: the operator asked for it (twice Ctrl-C). The attempt on the node continues. */
export class Left extends Error {
  override readonly name = 'Left';
}
