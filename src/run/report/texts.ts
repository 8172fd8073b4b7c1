import { isBad, type KnownCause } from '../../event.ts';
import { recognise } from '../../known/recognise.ts';
import type { ReportAttempt, ReportSpan } from '../../render/report-data.ts';
import type { OutputText } from './outputs.ts';

/** The texts of a report, each once. */
export class Texts {
  readonly all: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #known = new Map<string, KnownCause>();

  of(text: string): number {
    const place = this.#places.get(text);
    if (place !== undefined) return place;
    this.#places.set(text, this.all.length);
    return this.all.push(text) - 1;
  }

  /** A stretch of work with what its attempts printed, and what is known of that where they ended badly. */
  withOutput(span: ReportSpan, outputOf: (attempt: number) => OutputText | undefined): ReportSpan {
    const attempts = span.attempts.map((attempt): ReportAttempt => {
      const output = outputOf(attempt.attempt);
      if (!output) return attempt;
      const { text, cut } = output;
      const known = endedBadly(attempt, span) ? this.#recognised(text) : [];
      return {
        ...attempt,
        output: this.of(text),
        ...(cut !== undefined && { cut }),
        ...(known.length > 0 && { known }),
      };
    });
    return { ...span, attempts };
  }

  /** What the known texts among them mean. */
  get known(): readonly KnownCause[] {
    return [...this.#known.values()];
  }

  #recognised(text: string): string[] {
    const found = recognise(text.replace(/\n$/, '').split('\n'));
    for (const one of found) this.#known.set(one.id, one);
    return found.map(({ id }) => id);
  }
}

function endedBadly(attempt: ReportAttempt, { outcome, attempts }: ReportSpan): boolean {
  const { end } = attempt;
  if (end?.kind === 'exited' ? end.code !== 0 : end?.kind === 'timed-out') return true;
  return isBad(outcome) && attempt === attempts.at(-1);
}
