/** A problem that the user of the lab can solve. Anything else that is thrown is a bug. */
export class LabFailure extends Error {
  readonly exitCode: 1 | 2;
  /** Further lines: the evidence, then what to do next. */
  readonly detail: readonly string[];
  constructor(exitCode: 1 | 2, message: string, detail: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabFailure';
    this.exitCode = exitCode;
    this.detail = detail;
  }
}

/** A command line that does not fit; nothing was started or changed. */
export function usageFailure(message: string, detail: readonly string[] = [], options?: ErrorOptions): LabFailure {
  return new LabFailure(2, message, detail, options);
}
