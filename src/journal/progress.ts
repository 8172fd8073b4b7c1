import type { Outcome } from '../event.ts';
import { stepKey } from '../plan/key.ts';
import { foldStep, UNKNOWN } from './fold-step.ts';
import type { AttemptEnd, Holder, JournalRecord } from './record.ts';

/** What the journal knows of one planned step. */
export interface StepProgress {
  /** Attempts started so far. */
  readonly attempts: number;
  /** The last attempt; without `ended` its outcome is unknown here and its node must be asked. */
  readonly last?: { readonly attempt: number; readonly host: string; readonly ended?: AttemptEnd };
  /** Undefined while the step has not ended. `failed` and `unknown` are taken up again by resume. */
  readonly outcome?: Outcome;
  readonly reason?: string;
  readonly duration?: number;
  /** When it ended, milliseconds since 1970. */
  readonly endedAt?: number;
  /** The node is left out of the phase's further steps. */
  readonly leavesOut?: true;
  /** By name, what held it so that its node is left out. */
  readonly heldBy?: readonly string[];
  /** It failed, and the runbook lets its node continue. */
  readonly continued?: true;
  /** Of the pass of its node that began by undoing it: from the second on. */
  readonly pass?: number;
  /** Of the last attempt that ended: what its script wrote to `$RUNBOOK_OUTPUT`. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Why that was refused. */
  readonly outputsProblem?: string;
  /** A resume took it up: its duration is not that of all of it. */
  readonly interrupted?: true;
  /** The operator said what its outcome is. */
  readonly treated?: true;
  /** The operator allows to send it again. */
  readonly treatedAgain?: boolean;
}

/** The checkpoint: progress folded from the journal. */
export interface Progress {
  readonly run?: string;
  readonly plan?: string;
  readonly epoch: number;
  readonly startedAt?: string;
  /** How many times it was resumed. */
  readonly resumed: number;
  /** Milliseconds from record to record, without the time before each resume. */
  readonly worked: number;
  /** The time of its last record, ISO 8601. */
  readonly lastAt?: string;
  readonly state: 'running' | 'stopped' | 'done' | 'abandoned';
  /** Why it stopped last, or was closed. */
  readonly reason?: string;
  /** It stopped to go on later: everything that was begun is done. */
  readonly paused?: true;
  /** Who closed it, of a run that is abandoned for that. */
  readonly closedBy?: string;
  readonly holder?: Holder;
  readonly steps: ReadonlyMap<string, StepProgress>;
}

/** Ended by `runbook close`. */
export function isClosed({ state, closedBy }: Pick<Progress, 'state' | 'closedBy'>): boolean {
  return state === 'abandoned' && closedBy !== undefined;
}

/** How a run came to its end, in words: `is done`, `was closed by ops at TIME: reason`. */
export function endText({ state, closedBy, lastAt, reason }: Progress): string {
  if (state !== 'abandoned' || closedBy === undefined) return `is ${state}`;
  return `was closed by ${closedBy} at ${lastAt ?? 'an unknown time'}: ${reason ?? 'no reason was given'}`;
}

/** True for a step that a resume leaves alone. */
export function isSettled(step: Pick<StepProgress, 'outcome' | 'continued'> | undefined): boolean {
  const outcome = step?.outcome;
  return outcome === 'changed' || outcome === 'unchanged' || outcome === 'skipped' || step?.continued === true;
}

/** The last attempt ended before its script did all of its work, or its script reported that it failed. */
export function isCutOff(step: StepProgress | undefined): boolean {
  const ended = step?.last?.ended;
  switch (ended?.kind) {
    case 'exited':
      return ended.code !== 0;
    case 'timed-out':
    case 'cancelled':
    case 'interrupted':
      return true;
    case 'never-ran':
    case 'refused':
      return false;
    case undefined:
      return step?.outcome === 'failed' && step.last !== undefined;
  }
}

type RunProgress = Omit<Progress, 'steps' | 'worked' | 'lastAt'>;

/** A step as far as it is folded. */
interface Folded {
  readonly key: string;
  step: StepProgress;
}

/** Folds a journal, record by record. */
export class ProgressFold {
  /** In the order in which the records name them. */
  readonly #steps: Folded[] = [];
  /** By node, then by id: to join the two for each record takes longer than to look twice. */
  readonly #byNode = new Map<string, Map<string, Folded>>();
  #run: RunProgress = { epoch: 0, state: 'running', resumed: 0 };
  #worked = 0;
  #lastAt: string | undefined;
  /** {@link #lastAt}, milliseconds since 1970. */
  #lastTime = 0;

  add(record: JournalRecord): void {
    const time = Date.parse(record.at);
    const isNewProcess = record.type === 'run-started' || record.type === 'run-resumed';
    if (this.#lastAt !== undefined && !isNewProcess) this.#worked += Math.max(0, time - this.#lastTime);
    this.#lastAt = record.at;
    this.#lastTime = time;
    this.#run = foldRun(this.#run, record);
    if (record.type === 'run-resumed') this.#interruptOpen();
    if ('step' in record) {
      const of = this.#of(record.node, record.step);
      of.step = foldStep(of.step, record, time);
    }
    if (record.type === 'pass-started') {
      for (const id of record.again) {
        const of = this.#of(record.node, id);
        of.step = { attempts: of.step.attempts, pass: record.pass };
      }
    }
  }

  #of(node: string, id: string): Folded {
    const ofNode = this.#byNode.get(node) ?? new Map<string, Folded>();
    if (ofNode.size === 0) this.#byNode.set(node, ofNode);
    const known = ofNode.get(id);
    if (known) return known;
    const added = { key: stepKey(node, id), step: UNKNOWN };
    ofNode.set(id, added);
    this.#steps.push(added);
    return added;
  }

  #interruptOpen(): void {
    for (const of of this.#steps) {
      if (of.step.last && of.step.outcome === undefined) of.step = { ...of.step, interrupted: true };
    }
  }

  /** As far as it was folded. Its steps are those of the fold: what is folded later shows in them. */
  end(): Progress {
    const at = this.#lastAt === undefined ? {} : { lastAt: this.#lastAt };
    const steps = new Map(this.#steps.map(({ key, step }) => [key, step]));
    return { ...this.#run, ...at, worked: this.#worked, steps };
  }
}

/** Pure fold of a journal. */
export function foldJournal(records: readonly JournalRecord[]): Progress {
  const fold = new ProgressFold();
  for (const record of records) fold.add(record);
  return fold.end();
}

function foldRun(progress: RunProgress, record: JournalRecord): RunProgress {
  switch (record.type) {
    case 'run-started':
      return {
        ...progress,
        run: record.run,
        plan: record.plan,
        epoch: record.epoch,
        holder: record.holder,
        startedAt: record.at,
        state: 'running',
      };
    case 'run-resumed':
      return {
        ...withoutPause(progress),
        epoch: record.epoch,
        holder: record.holder,
        state: 'running',
        resumed: progress.resumed + 1,
      };
    case 'run-stopped':
      return {
        ...withoutPause(progress),
        state: 'stopped',
        reason: record.reason,
        ...(record.paused && { paused: true }),
      };
    case 'run-finished':
      return { ...progress, state: 'done' };
    case 'run-abandoned':
      return {
        ...progress,
        state: 'abandoned',
        reason: record.reason,
        ...(record.by !== undefined && { closedBy: record.by }),
      };
    case 'attempt-started':
    case 'attempt-ended':
    case 'step-finished':
    case 'pass-started':
    case 'hook-started':
    case 'hook-ended':
    case 'step-treated':
    case 'guard-overridden':
      return progress;
  }
}

function withoutPause({ paused: _paused, ...progress }: RunProgress): RunProgress {
  return progress;
}
