/** What a worker last showed of itself. */
export interface Beat {
  readonly worker: string;
  readonly beat: number;
  /** Milliseconds between two of its beats. */
  readonly interval: number;
}

/** Intervals without a beat after which a worker counts as gone. */
const STILL = 3;

/**
 * Says which workers are gone, by watching their counters from here: no clock of another machine is asked. A worker
 * that has no counter any more ended by itself.
 */
export class Watch {
  readonly #seen = new Map<string, { readonly beat: number; since: number }>();
  readonly #every: number;
  #at: number | undefined;

  /** @param every milliseconds between two looks */
  constructor(every: number) {
    this.#every = every;
  }

  /**
   * @param owners workers that have work
   * @param now milliseconds of a clock of this process that only goes forward
   */
  look(beats: readonly Beat[], owners: readonly string[], now: number): readonly string[] {
    if (this.#at !== undefined && now - this.#at > STILL * this.#every) this.lost(now);
    this.#at = now;
    for (const { worker, beat } of beats)
      if (this.#seen.get(worker)?.beat !== beat) this.#seen.set(worker, { beat, since: now });
    const known = new Map(beats.map((one) => [one.worker, one]));
    for (const worker of this.#seen.keys()) if (!known.has(worker)) this.#seen.delete(worker);
    return owners.filter((worker) => {
      const one = known.get(worker);
      const seen = this.#seen.get(worker);
      return !one || !seen || now - seen.since >= STILL * one.interval;
    });
  }

  /** The database did not answer, or no one looked: meanwhile nothing is known of anyone. */
  lost(now: number): void {
    this.#at = now;
    for (const seen of this.#seen.values()) seen.since = now;
  }
}
