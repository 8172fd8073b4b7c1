/** A place in a document: 1-based line and column, as editors and compilers count. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  /** The text of `line`, so that a printer needs no second read of the file. */
  readonly text?: string;
}

/**
 * A document's problem as a value. Never thrown one by one: a reader collects all of them.
 * `summary` carries none of the user's data beyond names; `detail` says what to do.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** Stable kebab-case id, e.g. `unknown-key`. */
  readonly code: string;
  readonly summary: string;
  readonly detail?: string;
  readonly span?: Span;
}
