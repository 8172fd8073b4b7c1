/**
 * The reasons for which a command ends with something other than 0, one per row of the contract's exit-code table.
 * The mapping to numbers is in cli.ts and exhaustive.
 */
export type FailureKind =
  /** A step failed, its outcome is unknown, or a node was lost in mid-run; the run can be resumed. */
  | 'step-failed'
  /** An unfinished run stands in the way; nothing was changed. */
  | 'unfinished-run'
  | 'usage'
  | 'document'
  | 'guard-refused'
  | 'locked'
  | 'unreachable'
  | 'cancelled';

/** A run's problem, told to the operator: what happened, where, what to do next. Anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly kind: FailureKind;
  /** Further lines: the evidence, then what to do next. */
  readonly detail: readonly string[];
  constructor(kind: FailureKind, message: string, detail: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
    this.detail = detail;
  }
}
