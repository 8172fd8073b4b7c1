/** What a word can become. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
  /** The word continues after it: no space follows. */
  readonly open?: true;
  readonly path?: true;
}
