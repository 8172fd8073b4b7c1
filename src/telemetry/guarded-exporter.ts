import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { messageOf } from '../failure.ts';
import type { Warn } from './watcher.ts';

type Done = Parameters<SpanExporter['export']>[1];

/** Reports the first failure, once, and sends nothing more after its end. */
export class GuardedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #warn: Warn;
  #isReported = false;
  #isClosed = false;

  constructor(exporter: SpanExporter, warn: Warn) {
    this.#exporter = exporter;
    this.#warn = warn;
  }

  export(spans: ReadableSpan[], done: Done): void {
    if (this.#isClosed) {
      done({ code: 1 });
      return;
    }
    this.#exporter.export(spans, (result) => {
      if (result.error) this.#report(messageOf(result.error));
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }

  close(problem?: string): void {
    if (problem !== undefined) this.#report(problem);
    this.#isClosed = true;
  }

  #report(problem: string): void {
    if (this.#isReported || this.#isClosed) return;
    this.#isReported = true;
    this.#warn(`spans of this run could not be sent: ${problem === '' ? 'no connection' : problem}`, [
      'The run is not affected. Look at OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and the collector.',
    ]);
  }
}
