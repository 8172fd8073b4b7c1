import type { RunEvent } from '../event.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Plan } from '../plan/plan.ts';
import type { SpanSink } from './otlp.ts';
import { SpanFold } from './span-fold.ts';
import type { RunWatcher } from './watcher.ts';

/** Of a process that was killed, spans of its last so many milliseconds may not have left it. */
const MAYBE_UNSENT = 10_000;

/** Gives the spans of a run to a sink, as they end. */
export class TraceWatcher implements RunWatcher {
  readonly #sink: SpanSink;
  #fold: SpanFold | undefined;

  constructor(sink: SpanSink) {
    this.#sink = sink;
  }

  begin(plan: Plan, history: readonly JournalRecord[]): void {
    const fold = new SpanFold(plan);
    this.#fold = fold;
    const before = history.flatMap((record) => fold.add(record));
    const last = Date.parse(history.at(-1)?.at ?? '');
    // Sent twice, they are the same spans: their ids and times come from the journal.
    if (fold.isOpen) this.#sink.add(before.filter(({ end }) => end >= last - MAYBE_UNSENT));
  }

  record(record: JournalRecord): void {
    this.#sink.add(this.#fold?.add(record) ?? []);
  }

  event(event: RunEvent): void {
    if (event.type === 'run-finished') this.#sink.add(this.#fold?.end(event.outcome) ?? []);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }
}
