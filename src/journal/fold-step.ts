import type { StepProgress } from './progress.ts';
import type { JournalRecord } from './record.ts';

/** Of a step that no record names. */
export const UNKNOWN: StepProgress = { attempts: 0 };

/**
 * What a record makes of what was known of its step.
 * @param time of the record, milliseconds since 1970
 */
export function foldStep(
  step: StepProgress,
  record: Extract<JournalRecord, { step: string }>,
  time: number,
): StepProgress {
  switch (record.type) {
    case 'attempt-started':
      return restarted(step, { attempt: record.attempt, host: record.host });
    case 'attempt-ended': {
      const { attempt, state: ended, outputs, outputsProblem } = record;
      const known = { ...step, last: { attempt, host: step.last?.host ?? 'local', ended } };
      if (outputs === undefined && outputsProblem === undefined) return known;
      return { ...known, ...(outputs && { outputs }), ...(outputsProblem !== undefined && { outputsProblem }) };
    }
    case 'step-finished': {
      const { outcome, reason, duration, leavesOut, heldBy, continued } = record;
      const known = finished(step, { outcome, reason, duration, endedAt: time });
      if (!leavesOut && !heldBy && !continued) return known;
      return { ...known, ...(leavesOut && { leavesOut }), ...(heldBy && { heldBy }), ...(continued && { continued }) };
    }
    case 'step-treated':
      return treated(step, record);
  }
}

/** A literal where nothing else is known of the step, as for most: V8 is slow to add to a spread copy. */
function finished(
  step: StepProgress,
  { outcome, reason, duration, endedAt }: Required<Pick<StepProgress, 'outcome' | 'reason' | 'duration' | 'endedAt'>>,
): StepProgress {
  const { attempts, last } = step;
  if (Object.keys(step).length > (last ? 2 : 1)) return { ...step, outcome, reason, duration, endedAt };
  return last
    ? { attempts, last, outcome, reason, duration, endedAt }
    : { attempts, outcome, reason, duration, endedAt };
}

/** Of a step that is tried again: what its last attempt came to is over. */
function restarted(step: StepProgress, last: NonNullable<StepProgress['last']>): StepProgress {
  const { duration, endedAt, leavesOut, heldBy, pass, treated } = step;
  const begun = { attempts: last.attempt, last };
  // To leave members out of a copy takes longer than all else of the fold, so steps without any to keep have none.
  const isNew = endedAt === undefined && pass === undefined && treated === undefined;
  if (isNew && duration === undefined && leavesOut === undefined && heldBy === undefined) return begun;
  return {
    ...begun,
    ...(duration !== undefined && { duration }),
    ...(endedAt !== undefined && { endedAt }),
    ...(leavesOut && { leavesOut }),
    ...(heldBy && { heldBy }),
    ...(pass !== undefined && { pass }),
    ...(treated && { treated }),
  };
}

/** What an operator's answer makes of a step. */
export function treated(
  step: StepProgress,
  { as, by, reason }: Pick<Extract<JournalRecord, { type: 'step-treated' }>, 'as' | 'by' | 'reason'>,
): StepProgress {
  const why = reason === undefined ? '' : `: ${reason}`;
  switch (as) {
    case 'done':
      return { ...step, outcome: 'changed', reason: `${by} reported it done${why}`, treated: true };
    case 'skip':
      return { ...step, outcome: 'skipped', reason: `${by} skipped it${why}`, treated: true };
    case 'again':
      return { ...step, treatedAgain: true };
  }
}
