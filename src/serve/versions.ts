import { join } from 'node:path';
import { stampsOf } from '../journal/stamps.ts';
import type { RunStore } from '../journal/store.ts';

/** Milliseconds after which a run at work has another version without a new record: its bars grow, or it has died. */
export const TICK = 5000;

/** Which version of its files a page shows: it changes as soon as a record, a fact or a run is added. */
export class Versions {
  readonly #store: RunStore;
  readonly #now: () => number;
  /** Runs that were at work when they were read last. */
  readonly #atWork = new Set<string>();

  constructor(store: RunStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** What was read of a run. */
  note(run: string, state: string): void {
    if (state === 'running') this.#atWork.add(run);
    else this.#atWork.delete(run);
  }

  /** Taken before the run is read, so that what is added meanwhile is another version. */
  async filesOf(run: string): Promise<string> {
    const { path, journal } = this.#store.folder(run);
    return stampsOf([journal, join(path, 'facts.json'), join(path, 'plan.json')]);
  }

  async filesOfAll(): Promise<string> {
    const all = await Promise.all((await this.#store.ids()).map(async (run) => `${run}-${await this.filesOf(run)}`));
    return all.join('\n');
  }

  /** @param runs those that the page shows; undefined: all */
  ofPage(files: string, run?: string): string {
    const isAtWork = run === undefined ? this.#atWork.size > 0 : this.#atWork.has(run);
    return isAtWork ? `${files}-${Math.floor(this.#now() / TICK)}` : files;
  }
}
