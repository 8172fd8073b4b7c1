import type { Verdict } from '../actions/action.ts';
import type { Facts } from '../facts/facts.ts';
import { contextOf, type PlannedStep } from '../plan/bind.ts';
import { isCutOff } from '../journal/progress.ts';
import { runChecks } from './check.ts';
import { Left, type RunContext } from './context.ts';
import { leavable } from './leavable.ts';
import { neededFacts, PATIENCE, refresh } from './refresh.ts';
import type { Evidence, StepEnd } from './step-end.ts';
import { fetchFiles, pruneOlderFiles } from './step-files.ts';
import { until } from './until.ts';

/**
 * The outcome apart from exit status 0 and what the tool printed: fresh facts until the action's own verdict is true,
 * for at most its `settle` time.
 */
export async function verified(
  context: RunContext,
  step: PlannedStep,
  evidence: Evidence,
  before: Facts,
): Promise<StepEnd> {
  if (step.effect === 'none') return { kind: 'ended', outcome: 'unchanged', reason: 'it passed; it changes nothing' };
  const { action } = step;
  await leavable(context, fetchFiles(context, step));
  const checks = await runChecks(context, step);
  const ids = action.outcomeFacts ?? action.facts;
  const look = async () => {
    // Where none are needed, none are read: a script that exited with 0 must not fail for them on a resume.
    const facts =
      ids.length === 0 && !action.looksAt ? { nodes: {} } : await refresh(context, step, ids, 0, { after: true });
    const view = contextOf(step, checks ? { ...facts, checks } : facts);
    return action.verify ? action.verify(view, before) : action.isDone(view);
  };
  const verdict = await until(context, step, action.settle, context.control.leave, () => leavable(context, look()));
  if (!verdict) throw new Left();
  const { done, reason } = verdict;
  if (!done) return { kind: 'ended', outcome: 'failed', reason: `it exited with 0, but ${reason}`, ...evidence };
  await pruneOlderFiles(context, step);
  return { kind: 'ended', outcome: 'changed', reason };
}

/** Is the step done, by facts or its check? Undefined where neither can tell (a `run:` step without a check). */
export async function judgedByFacts(context: RunContext, step: PlannedStep): Promise<Verdict | undefined> {
  const { action, check } = step;
  if (check === undefined && action.facts.length === 0 && !action.looksAt) return undefined;
  const facts = await refresh(context, step, neededFacts([step]), PATIENCE);
  const checks = await runChecks(context, step);
  const isCut = isCutOff(context.progress.get(step.key));
  return action.isDone(contextOf(step, checks ? { ...facts, checks } : facts, isCut));
}
