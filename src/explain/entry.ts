/** What `runbook explain` knows of one code. Texts are plain, with `code` in backticks as in Markdown. */
export interface Entry {
  readonly kind: 'guard' | 'failure' | 'exit code' | 'known text';
  /** Unique over all kinds. */
  readonly code: string;
  /** One line. */
  readonly title: string;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** Of the rule or the text. */
  readonly source: string;
  /** What else is to be said in a line of its own, such as when a guard is asked. */
  readonly notes: readonly string[];
  /** Real lines by which a known text is recognised. */
  readonly examples: readonly string[];
}
