/** Lines of output in which known texts are looked for, from its end. */
export const KNOWN_LINES = 200;

/** A text that a tool prints when it fails, and what to do about it. */
export interface KnownText {
  /** Unique over everything that `runbook explain` knows. */
  readonly id: string;
  /**
   * Any of these, in one line of output as `normalLine` gives it. A group with a quantifier holds none: a long line
   * must not take long.
   */
  readonly patterns: readonly RegExp[];
  /**
   * From the narrowest on; undefined is narrower than all of them. Of one line only the narrowest is taken. `general`,
   * which names a consequence, and `last`, which words what any program may print, give way to every other line too.
   */
  readonly breadth?: 'broad' | 'plain' | 'general' | 'last';
  /** One line. */
  readonly meaning: string;
  /** What leads to it. */
  readonly cause: string;
  readonly remedy: string;
  /** A public thread, a page, or a repository and path of the tool's source. */
  readonly source: string;
  /** Lines as the tool prints them. */
  readonly examples: readonly string[];
}

/** The texts of one tool. */
export interface KnownGroup {
  /** A heading. */
  readonly tool: string;
  /** Who prints them, as the beginning of a sentence, where the heading is not that. */
  readonly by?: string;
  readonly texts: readonly KnownText[];
}
