import { isBad, noOutcomes, type Outcome, OUTCOMES } from '../event.ts';
import type { EventOf } from './event-lines.ts';
import { Tail } from './repeats.ts';
import { sanitize, splitLines } from './text.ts';

/** Lines of output shown under a running step. */
const TAIL_LINES = 5;
/** No screen shows more of a line; a megabyte without a newline must not be measured at every tick. */
const LINE_LENGTH = 1000;

export interface RunningStep {
  readonly title: string;
  readonly step: string;
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly reattached: boolean;
  /** Milliseconds that it may take; undefined: no limit. */
  readonly limit: number | undefined;
  readonly commands: readonly string[];
  readonly tail: Tail;
  message?: string;
}

interface EndedStep {
  readonly title: string;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly duration: number;
  readonly continued: boolean;
}

type EndedBefore = NonNullable<EventOf<'phase-started'>['before']>[number];

/** One node within the current phase, as its events show. */
export class NodeView {
  readonly name: string;
  /** Settles when nothing more happens on the node in this phase; rejects when a step failed there. */
  readonly settled: Promise<void>;
  readonly ended: EndedStep[] = [];
  readonly counts = noOutcomes();
  running: RunningStep | undefined;
  lost: string | undefined;
  /** Why the node is left out of the phase's further steps. */
  leftOut: string | undefined;
  /** Milliseconds of all steps together. */
  duration = 0;
  /** A step ended the work on it; not one whose failure lets it continue. */
  failed = false;
  /** All of its steps had ended before a resume. */
  readonly #isDone: boolean;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  /** `before`: what of the phase had ended there before a resume. */
  constructor(name: string, before?: EndedBefore) {
    this.name = name;
    this.duration = before?.duration ?? 0;
    this.leftOut = before?.leftOut;
    this.#isDone = before?.open === 0;
    for (const outcome of OUTCOMES) this.counts[outcome] = before?.counts[outcome] ?? 0;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The list of a phase takes it up a little later; until then a rejection has no handler.
    this.settled.catch(() => {});
  }

  get waiting(): boolean {
    return this.running === undefined && this.ended.length === 0 && !this.#isDone;
  }

  started(event: EventOf<'step-started'>, now: number): void {
    const { title, step, attempt, reattached, commands, limit } = event;
    const at = Date.parse(event.at);
    const since = Number.isNaN(at) ? now : at;
    this.running = { title, step, attempt, reattached, commands, limit, since, tail: new Tail(TAIL_LINES) };
  }

  output(text: string): void {
    for (const raw of splitLines(text)) {
      const line = sanitize(raw).slice(0, LINE_LENGTH);
      if (line.trim() !== '') this.running?.tail.push(line);
    }
  }

  progress(message: string): void {
    if (this.running) this.running.message = message;
  }

  finished(event: EventOf<'step-finished'>): void {
    const { title, outcome, reason } = event;
    this.running = undefined;
    this.ended.push({ title, outcome, reason, duration: event.duration, continued: event.continued === true });
    this.duration += event.duration;
    this.counts[outcome] += 1;
    if (event.leavesOut) this.leftOut = reason;
    if (event.continued === true || !isBad(outcome)) return;
    this.failed = true;
    this.#reject(new Error(reason));
  }

  settle(): void {
    this.#resolve();
  }
}
