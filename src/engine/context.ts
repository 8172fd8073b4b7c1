import type { Inventory } from '../documents/model.ts';
import type { Emit } from '../event.ts';
import type { Facts } from '../facts/facts.ts';
import type { Journal } from '../journal/journal.ts';
import type { StepProgress } from '../journal/progress.ts';
import type { JudgeSetting } from '../plan/judge.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { Clock } from './clock.ts';
import type { Fleet } from './fleet.ts';
import type { Observer } from './observe.ts';

/** What the operator may ask of a run while it goes on. */
export interface Control {
  /** Finish the running step, start nothing new. */
  readonly stop: AbortSignal;
  /** Leave the running step running on its node and end now. */
  readonly leave: AbortSignal;
}

/** Everything that the engine works with. */
export interface RunContext {
  readonly plan: Plan;
  readonly run: string;
  readonly epoch: number;
  readonly inventory: Inventory;
  readonly setting: JudgeSetting;
  readonly fleet: Fleet;
  readonly observer: Observer;
  readonly journal: Journal;
  /** By step key; the engine keeps it in line with the journal. */
  readonly progress: Map<string, StepProgress>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly control: Control;
  /** Looks at the run's lock; asked beside the reading of facts, and awaited before each claim. @throws Failure (locked) */
  readonly assertHeld?: () => Promise<void>;
  /** Asks a person whether the run may go on; undefined where nobody can be asked. */
  readonly ask?: (step: PlanStep, question: string) => Promise<Answer>;
  readonly log: LogOpener;
  readonly logFile: (step: PlanStep, attempt: number) => string;
  /** What is known now; undefined until it is first needed (a resume may have to wait for a running step first). */
  facts: Facts | undefined;
}

/** `how`: who said yes, and where, for the journal. */
export type Answer = { readonly approved: true; readonly how: string } | { readonly approved: false };

export type LogOpener = (
  step: PlanStep,
  attempt: number,
) => { readonly file: string; readonly write: (chunk: Buffer) => void; readonly close: () => void };

/** Thrown to leave a step where it is: the operator asked for it (twice Ctrl-C). The attempt on the node goes on. */
export class Left extends Error {
  override readonly name = 'Left';
}
