import type { Diagnostic, Span } from '../diagnostic.ts';

/** A document's text, which knows the line and column of each of its offsets. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly #starts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** The span of `[start, end)`; offsets outside of the text are drawn to its borders. */
  span(start: number, end = start): Span {
    const from = this.#position(start);
    const to = this.#position(Math.max(start, end));
    return {
      file: this.file,
      line: from.line,
      column: from.column,
      endLine: to.line,
      endColumn: to.column,
      text: this.#line(from.line),
    };
  }

  #position(offset: number): { line: number; column: number } {
    const at = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: at - (this.#starts[low] ?? 0) + 1 };
  }

  #line(line: number): string {
    const end = this.#starts[line];
    const text = this.text.slice(this.#starts[line - 1] ?? 0, end === undefined ? undefined : end - 1);
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }
}

export function problem(code: string, summary: string, span?: Span, detail?: string): Diagnostic {
  return diagnostic('error', code, summary, span, detail);
}

export function warning(code: string, summary: string, span?: Span, detail?: string): Diagnostic {
  return diagnostic('warning', code, summary, span, detail);
}

function diagnostic(
  severity: Diagnostic['severity'],
  code: string,
  summary: string,
  span?: Span,
  detail?: string,
): Diagnostic {
  return { severity, code, summary, ...(detail ? { detail } : {}), ...(span ? { span } : {}) };
}

/** By place in the file, those without a place first; after these, those of other files. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[], file: string): Diagnostic[] {
  const rank = ({ span }: Diagnostic) => (span === undefined || span.file === file ? '' : span.file);
  return [...diagnostics].sort(
    (a, b) =>
      (rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b))) ||
      (a.span?.line ?? 0) - (b.span?.line ?? 0) ||
      (a.span?.column ?? 0) - (b.span?.column ?? 0) ||
      Number(a.severity === 'warning') - Number(b.severity === 'warning'),
  );
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === 'error');
}

/** A place that is shown without its line, which may have a secret by mistake. */
export function withoutText({ text: _text, ...span }: Span): Span {
  return span;
}
