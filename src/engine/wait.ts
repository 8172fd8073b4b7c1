import { contextOf, type PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import { neededFacts, refresh } from './refresh.ts';
import type { StepEnd } from './step-end.ts';
import { showStarted } from './started.ts';
import { until } from './until.ts';

/** A step without a script: reads fresh facts until it is done, for at most its time limit. It changes nothing. */
export async function waitStep(context: RunContext, step: PlannedStep): Promise<StepEnd> {
  showStarted(context, step);
  const ids = neededFacts([step]);
  const verdict = await until(context, step, step.timeout, context.control.stop, async () =>
    step.action.isDone(contextOf(step, await refresh(context, step, ids, 0))),
  );
  if (!verdict) return { kind: 'stopped' };
  const { done, reason } = verdict;
  if (done) return { kind: 'ended', outcome: 'unchanged', reason };
  return { kind: 'ended', outcome: 'failed', reason: `not so within ${step.timeout / 1000} s: ${reason}` };
}
