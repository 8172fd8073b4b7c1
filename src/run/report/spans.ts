import type { AttemptEnd, JournalRecord } from '../../journal/record.ts';
import { stepKey } from '../../plan/key.ts';
import type { ReportAttempt, ReportSpan } from '../../render/report-data.ts';

/** The work on each planned step, by its key, as the journal has it. */
export function spansOf(records: readonly JournalRecord[]): ReadonlyMap<string, readonly ReportSpan[]> {
  const spans = new Map<string, ReportSpan[]>();
  for (const record of records) {
    if (!('step' in record)) continue;
    const key = stepKey(record.node, record.step);
    spans.set(key, withRecord(spans.get(key) ?? [], record));
  }
  return spans;
}

type StepRecord = Extract<JournalRecord, { step: string }>;

function withRecord(spans: readonly ReportSpan[], record: StepRecord): ReportSpan[] {
  const before = spans.slice(0, -1);
  const last = spans.at(-1);
  // What has an outcome is over: what comes then is a stretch of its own.
  const open = last && last.outcome === undefined ? last : undefined;
  const others = open ? before : [...spans];
  switch (record.type) {
    case 'attempt-started': {
      const attempt = { attempt: record.attempt, host: record.host, from: record.at };
      if (!open) return [...others, { from: record.at, reason: '', attempts: [attempt] }];
      return [...others, { ...open, attempts: [...open.attempts, attempt] }];
    }
    case 'attempt-ended': {
      // A script that was left running may end after its step got an outcome.
      const span = open ?? last;
      if (!span) return [...spans];
      const attempts = span.attempts.map((one) => (one.attempt === record.attempt ? ended(one, record) : one));
      return [...before, { ...span, attempts }];
    }
    case 'step-finished': {
      const { at, outcome, duration, reason } = record;
      if (open) return [...others, { ...open, to: at, outcome, reason }];
      const from = new Date(Date.parse(at) - Math.max(0, duration)).toISOString();
      return [...others, { from, to: at, outcome, reason, attempts: [] }];
    }
    case 'step-treated': {
      if (record.as === 'again') return [...spans];
      const reason = `${record.by} ${record.as === 'done' ? 'reported it done' : 'skipped it'}${why(record.reason)}`;
      const outcome = record.as === 'done' ? 'changed' : 'skipped';
      return [...spans, { from: record.at, to: record.at, outcome, reason, attempts: [] }];
    }
  }
}

function why(reason: string | undefined): string {
  return reason === undefined ? '' : `: ${reason}`;
}

function ended(
  attempt: ReportAttempt,
  { at, state }: Extract<JournalRecord, { type: 'attempt-ended' }>,
): ReportAttempt {
  return { ...attempt, to: at, end: endOf(state) };
}

function endOf(state: AttemptEnd): NonNullable<ReportAttempt['end']> {
  switch (state.kind) {
    case 'exited':
      return { kind: 'exited', code: state.code };
    case 'refused':
      return { kind: 'refused', reason: state.reason };
    case 'interrupted':
      return { kind: state.rebooted ? 'rebooted' : 'interrupted' };
    case 'timed-out':
    case 'cancelled':
    case 'never-ran':
      return { kind: state.kind };
  }
}
