/** Why a command exits with something other than 0. Each has its exit code. */
export type FailureKind =
  /** A step failed, its outcome is unknown, or a node was lost during the run; the run can be resumed. */
  | 'step-failed'
  /** An unfinished run prevents it; nothing was changed. */
  | 'unfinished-run'
  | 'usage'
  | 'document'
  | 'guard-refused'
  | 'locked'
  | 'unreachable'
  | 'cancelled';

/** The exit codes of docs/cli.md; the compiler holds the table complete. */
export const EXIT_CODES: Readonly<Record<FailureKind, number>> = {
  'step-failed': 1,
  'unfinished-run': 1,
  usage: 2,
  document: 2,
  'guard-refused': 3,
  locked: 4,
  unreachable: 5,
  cancelled: 130,
};

/**
 * A problem of a run, for the operator: what happened, where, what to do next. Anything else that is thrown is a bug.
 */
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

const shown = new WeakSet<Failure>();

/** That the operator has seen it: no one shows it again. */
export function markShown(failure: Failure): void {
  shown.add(failure);
}

export function isShown(failure: Failure): boolean {
  return shown.has(failure);
}

/** What went wrong in words, of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
