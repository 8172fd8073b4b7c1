import type { Outcome } from '../event.ts';
import type { EventOf } from './event-lines.ts';
import { noOutcomes } from './outcome.ts';
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

/** One node within the current phase, as its events show. */
export class NodeView {
  readonly name: string;
  /** Settles when nothing more happens on the node in this phase; rejects when a step failed there. */
  readonly settled: Promise<void>;
  readonly ended: EndedStep[] = [];
  readonly counts = noOutcomes();
  running: RunningStep | undefined;
  lost: string | undefined;
  /** Milliseconds of all steps together. */
  duration = 0;
  /** A step ended the work on it; not one whose failure lets it continue. */
  failed = false;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(name: string) {
    this.name = name;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // The list of a phase takes it up a little later; until then a rejection has no handler.
    this.settled.catch(() => {});
  }

  get waiting(): boolean {
    return this.running === undefined && this.ended.length === 0;
  }

  started(event: EventOf<'step-started'>, now: number): void {
    const { title, step, attempt, reattached, commands } = event;
    const at = Date.parse(event.at);
    const since = Number.isNaN(at) ? now : at;
    this.running = { title, step, attempt, reattached, commands, since, tail: new Tail(TAIL_LINES) };
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
    if (event.continued === true || (outcome !== 'failed' && outcome !== 'unknown')) return;
    this.failed = true;
    this.#reject(new Error(reason));
  }

  settle(): void {
    this.#resolve();
  }
}
