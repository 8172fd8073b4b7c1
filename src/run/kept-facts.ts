import type { Facts } from '../facts/facts.ts';
import type { RunStore } from '../journal/store.ts';

/** Milliseconds between two writings. */
const INTERVAL = 2000;

/**
 * Writes the newest facts of a run to its folder in the background, one writing at a time. What cannot be written is
 * left out: only `status` shows it.
 */
export class KeptFacts {
  readonly #store: RunStore;
  readonly #run: string;
  #newest: Facts | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #last = 0;

  constructor(store: RunStore, run: string) {
    this.#store = store;
    this.#run = run;
  }

  keep(facts: Facts): void {
    this.#newest = facts;
    this.#timer ??= setTimeout(() => void this.#write(), Math.max(0, this.#last + INTERVAL - Date.now())).unref();
  }

  async end(facts: Facts): Promise<void> {
    this.#newest = facts;
    await this.#write();
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = Date.now();
    this.#writing = this.#writing.then(async () => {
      const facts = this.#newest;
      this.#newest = undefined;
      if (facts) await this.#store.saveFacts(this.#run, facts).catch(() => undefined);
    });
    await this.#writing;
  }
}
