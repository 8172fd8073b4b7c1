import { actions } from '../../actions/registry.ts';
import { JOURNAL_VERSION, type JournalBody, type JournalRecord } from '../../journal/record.ts';
import { stepsOfPlan } from '../../plan/all-steps.ts';
import { takesOf } from '../../plan/estimate.ts';
import { stepKey } from '../../plan/key.ts';
import type { Plan, PlanStep } from '../../plan/plan.ts';
import { type Slot, scheduleOf } from '../../plan/schedule.ts';
import { NO_RISK, riskTexts, rollbackTexts, saidOfRollback } from '../../render/plan-change.ts';
import type { ReportMark, ReportSpan, ReportStep, RunReport, Standing } from '../../render/report-data.ts';
import type { ExpectedTimes } from './expected.ts';
import { stepsFor } from './step.ts';
import { Texts } from './texts.ts';

/** The parts of a report that a plan has in the place of a journal: all as if the run began when the plan was made. */
export interface Planned {
  /** By step key. */
  readonly spans: ReadonlyMap<string, readonly ReportSpan[]>;
  /** A journal as it would be if all went as expected. */
  readonly records: readonly JournalRecord[];
  readonly steps: readonly ReportStep[];
  readonly texts: readonly string[];
  readonly marks: readonly ReportMark[];
  readonly startedAt: string;
  /** When the last step would end. */
  readonly lastAt: string;
}

export function plannedOf(plan: Plan, expected: ExpectedTimes): Planned {
  const begins = Date.parse(plan.createdAt);
  const at = (offset: number): string => new Date(begins + offset).toISOString();
  const slots = scheduleOf(plan, takesOf(plan, actions));
  const spans = new Map(
    slots.map(({ step, from, to }) => [
      stepKey(step.node, step.id),
      [{ from: at(from), to: at(to), reason: '', attempts: [] }],
    ]),
  );
  const texts = new Texts();
  return {
    spans,
    records: slots.toSorted((a, b) => a.from - b.from).flatMap((slot) => recordsOf(slot, at)),
    steps: stepsFor(plan, texts, expected, ({ node, id, predicted: { outcome, reason } }) => ({
      outcome: STANDING[outcome],
      reason,
      spans: spans.get(stepKey(node, id)) ?? [],
    })),
    texts: texts.all,
    marks: slots.flatMap((slot) => questionOf(slot, at)),
    startedAt: at(0),
    lastAt: at(Math.max(0, ...slots.map(({ to }) => to))),
  };
}

/** For a change request. @param apply the command that runs the plan */
export function requestOf(plan: Plan, apply: string): NonNullable<RunReport['request']> {
  const due = stepsOfPlan(plan).filter(({ predicted }) => predicted.outcome === 'change');
  const risks = riskTexts(plan, due);
  const said = saidOfRollback(plan);
  return {
    apply,
    risks: risks.length === 0 ? [NO_RISK] : risks,
    rollback: [...(said === undefined ? [] : [`The runbook: ${said}`]), ...rollbackTexts(plan, due)],
  };
}

function recordsOf({ step, from, to }: Slot, at: (offset: number) => string): JournalRecord[] {
  const ref = { step: step.id, node: step.node };
  const started: JournalBody = { type: 'attempt-started', ...ref, attempt: 1, host: step.node, scriptDigest: '' };
  const finished: JournalBody = {
    type: 'step-finished',
    ...ref,
    outcome: 'changed',
    reason: '',
    duration: to - from,
  };
  const envelope = { v: JOURNAL_VERSION, seq: 0 };
  return [
    { ...envelope, at: at(from), ...started },
    { ...envelope, at: at(to), ...finished },
  ];
}

const STANDING: Readonly<Record<PlanStep['predicted']['outcome'], Standing>> = {
  change: 'change',
  read: 'read',
  unchanged: 'unchanged',
  skipped: 'skipped',
};

/** Where the run waits for a person. */
function questionOf({ step, from }: Slot, at: (offset: number) => string): ReportMark[] {
  if (actions.get(step.action)?.asks === undefined) return [];
  return [{ at: at(from), kind: 'asks', node: step.node, step: step.id, text: step.commands.join(' ') || step.title }];
}
