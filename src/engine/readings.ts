/** Milliseconds after which facts are read again although nothing of ours has changed them: others may have. */
const LONGEST = 300_000;

/** When something was read, and how much the run had changed by then. */
export interface Moment {
  /** Milliseconds of the clock. */
  readonly at: number;
  /** {@link Links.changes} */
  readonly changes: number;
}

/** Which facts of which place were read when. */
export class Readings {
  readonly #taken = new Map<string, Map<string, Moment>>();

  /** @param moment before the reading began */
  note(place: string, names: readonly string[], moment: Moment): void {
    const taken = this.#taken.get(place) ?? new Map<string, Moment>();
    this.#taken.set(place, taken);
    for (const name of names) taken.set(name, moment);
  }

  /** Whether all of these were read since the last change, and not long ago. */
  hold(place: string, names: readonly string[], { at, changes }: Moment): boolean {
    const taken = this.#taken.get(place);
    return names.every((name) => {
      const read = taken?.get(name);
      return read !== undefined && read.changes === changes && at - read.at < LONGEST;
    });
  }
}
