import type { RunEvent } from '../event.ts';
import { messageOf } from '../failure.ts';
import { type JournalRecord, recordSchema } from '../journal/record.ts';
import type { Plan } from '../plan/plan.ts';
import { wantsTraces } from '../telemetry/otlp-settings.ts';
import type { RunWatcher, Warn } from '../telemetry/watcher.ts';
import type { AtEnd, Console } from './console.ts';
import type { WatchOptions } from './options.ts';

/** All that watch a run. One that throws is left out from then on: it never touches the run. */
export class RunWatch {
  readonly #warn: Warn;
  #watchers: readonly RunWatcher[] = [];

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  add(watcher: RunWatcher): void {
    this.#watchers = [...this.#watchers, watcher];
  }

  /** @param recordsSoFar asked only where someone watches: a journal may be long */
  async begin(plan: Plan, recordsSoFar: () => Promise<readonly JournalRecord[]>): Promise<void> {
    if (this.#watchers.length === 0) return;
    const records = await recordsSoFar();
    this.#each((watcher) => {
      watcher.begin(plan, records);
    });
  }

  /** A line of the journal that is on disk now. */
  line(line: string): void {
    if (this.#watchers.length === 0) return;
    this.#each((watcher) => {
      watcher.record(recordIn(line));
    });
  }

  event(event: RunEvent): void {
    this.#each((watcher) => {
      watcher.event(event);
    });
  }

  #each(show: (watcher: RunWatcher) => void): void {
    for (const watcher of this.#watchers) {
      try {
        show(watcher);
      } catch (error) {
        this.#watchers = this.#watchers.filter((one) => one !== watcher);
        this.#warn(`traces or metrics of this run end here: ${messageOf(error)}`);
      }
    }
  }
}

function recordIn(line: string): JournalRecord {
  return recordSchema.parse(JSON.parse(line));
}

/** Loads what the operator wants to watch the run with, before it begins: later the program may be replaced. */
export async function watchRun(console: Console, options: WatchOptions, atEnd: AtEnd): Promise<void> {
  await watchMetrics(console, options, atEnd);
  if (!wantsTraces(process.env)) return;
  const [{ openTraces }, { TraceWatcher }] = await Promise.all([
    import('../telemetry/otlp.ts'),
    import('../telemetry/traces.ts'),
  ]);
  const sink = await openTraces(process.env, console.warn);
  if (sink) watchWith(console, new TraceWatcher(sink), atEnd);
}

/** Metrics alone. @throws Failure (usage) where their file cannot be written */
export async function watchMetrics(console: Console, { metrics }: WatchOptions, atEnd: AtEnd): Promise<void> {
  if (metrics === undefined) return;
  const { MetricsFile, requireMetricsFile } = await import('../telemetry/metrics-file.ts');
  await requireMetricsFile(metrics);
  watchWith(console, new MetricsFile(metrics, console.warn, Date.now), atEnd);
}

function watchWith(console: Console, watcher: RunWatcher, atEnd: AtEnd): void {
  console.watch.add(watcher);
  atEnd(() => watcher.close());
}
