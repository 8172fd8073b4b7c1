/** What is to be said of a guard beside its title and its source. */
export interface GuardText {
  readonly id: string;
  /** What it refuses, warns of and notes. */
  readonly what: string;
  /** What would happen without it. */
  readonly why: string;
  readonly remedy: string;
}

/** Guards under one heading of docs/guards.md. */
export interface GuardGroup {
  readonly title: string;
  readonly guards: readonly GuardText[];
}
