import type { RunContext } from './context.ts';

/** What is still waited for is shown again after so many milliseconds. */
const AGAIN = 60_000;

/** Shows what a run waits for between two batches: at once where it changes, else from time to time. */
export class Waiting {
  readonly #context: Pick<RunContext, 'clock' | 'emit'>;
  readonly #phase: number;
  #shown: { readonly what: string; readonly at: number } | undefined;

  constructor(context: Pick<RunContext, 'clock' | 'emit'>, phase: number) {
    this.#context = context;
    this.#phase = phase;
  }

  /** @param what equal while the same is waited for */
  show(what: string, message: string): void {
    const now = this.#context.clock.now();
    if (this.#shown?.what === what && now - this.#shown.at < AGAIN) return;
    this.#shown = { what, at: now };
    this.#context.emit({ type: 'waiting', phase: this.#phase, message });
  }
}
