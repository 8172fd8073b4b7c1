import type { JournalRecord } from '../journal/record.ts';
import { stepsOfPhase } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';
import { ofRun, type RunOutcome } from './attributes.ts';
import { PartFold, type Planned } from './part-fold.ts';
import { type RunSpan, spanIdOf, traceIdOf } from './span.ts';

/**
 * Folds a journal into the spans of its trace, each given once it has ended. A run that was stopped and resumed has a
 * part for each: what had ended with the stop was handed on then. A process that was killed ends no part.
 */
export class SpanFold {
  readonly #plan: Plan;
  readonly #planned: ReadonlyMap<string, Planned>;
  #run = '';
  #parts = 0;
  #part: PartFold | undefined;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#planned = new Map(
      plan.phases.flatMap((phase) =>
        stepsOfPhase(phase).map((step) => [stepKey(step.node, step.id), { step, phase }] as const),
      ),
    );
  }

  /** A process began it that has not brought it to an end. */
  get isOpen(): boolean {
    return this.#part !== undefined && this.#part.ended === undefined;
  }

  /** @returns the spans that have ended with the record */
  add(record: JournalRecord): readonly RunSpan[] {
    const at = Date.parse(record.at);
    switch (record.type) {
      case 'run-started':
        this.#run = record.run;
        this.#begin(at);
        return [];
      case 'run-resumed':
        if (this.isOpen) this.#part?.note('runbook.resumed', at, { 'runbook.epoch': record.epoch });
        else this.#begin(at);
        return [];
      case 'attempt-started':
        this.#part?.attemptStarted(record, at);
        return [];
      case 'attempt-ended':
        this.#part?.attemptEnded(record, at);
        return [];
      case 'step-finished':
        return this.#part?.stepFinished(record, at) ?? [];
      case 'step-treated': {
        const key = stepKey(record.node, record.step);
        this.#part?.note('runbook.step.treated', at, {
          'cicd.pipeline.task.run.id': key,
          'runbook.treated.as': record.as,
        });
        return [];
      }
      case 'guard-overridden':
        this.#part?.note('runbook.guard.overridden', at, { 'runbook.guard': record.guard });
        return [];
      case 'run-finished':
      case 'run-stopped':
      case 'run-abandoned':
        return this.#part?.end(at) ?? [];
      case 'pass-started':
      case 'hook-started':
      case 'hook-ended':
        return [];
    }
  }

  /** The span of the whole part, once its end is in the journal and its outcome is known. */
  end(outcome: RunOutcome): readonly RunSpan[] {
    const part = this.#part;
    if (part?.ended === undefined) return [];
    const { name } = this.#plan.runbook;
    const isError = outcome === 'failed' || outcome === 'refused';
    const first = this.#runSpanId(1);
    return [
      {
        traceId: traceIdOf(this.#run),
        id: part.span,
        ...(part.number > 1 && { parent: first, links: [this.#runSpanId(part.number - 1)] }),
        kind: 'run',
        name: `RUN ${name}`,
        start: part.start,
        end: part.ended,
        attributes: ofRun(this.#plan, this.#run, part.number, outcome),
        ...(isError && { error: outcome === 'failed' ? 'the run failed' : 'a guard refused' }),
        moments: part.moments,
      },
    ];
  }

  #begin(at: number): void {
    this.#parts += 1;
    this.#part = new PartFold(
      { plan: this.#plan, planned: this.#planned, run: this.#run },
      { number: this.#parts, span: this.#runSpanId(this.#parts), start: at },
    );
  }

  #runSpanId(part: number): string {
    return spanIdOf(this.#run, `part ${part}`);
  }
}
