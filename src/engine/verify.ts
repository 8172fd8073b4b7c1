import type { Verdict } from '../actions/action.ts';
import type { Facts } from '../facts/facts.ts';
import { actionOf, contextOf, judge, outcomeFactsOf } from '../plan/judge.ts';
import type { PlanStep } from '../plan/plan.ts';
import { runChecks } from './check.ts';
import type { RunContext } from './context.ts';
import { neededFacts, PATIENCE, refresh } from './decide.ts';
import { leavable } from './leavable.ts';
import { pauses } from './poll.ts';
import type { StepEnd } from './step-end.ts';
import { fetchFiles, pruneOlderFiles } from './step-files.ts';

/**
 * The outcome apart from exit status 0 and what the tool printed: fresh facts until the action's own verdict is true, at most
 * for its `settle` time.
 */
export async function verified(
  context: RunContext,
  step: PlanStep,
  evidence: { readonly tail: readonly string[]; readonly log: string },
  before: Facts,
): Promise<StepEnd> {
  if (step.effect === 'none') return { kind: 'ended', outcome: 'unchanged', reason: 'it passed; it changes nothing' };
  const action = actionOf(context.setting, step);
  if (!action) return verifyRunStep(context, step, evidence);
  await leavable(context, fetchFiles(context, step));
  const deadline = context.clock.now() + action.settle;
  const pause = pauses();
  for (let last = ''; ;) {
    const looking = look(context, step, (facts) => {
      const view = contextOf(context.setting, action, step, facts);
      return action.verify ? action.verify(view, before) : action.isDone(view);
    });
    const verdict = await leavable(context, looking);
    if (verdict.done) {
      await pruneOlderFiles(context, step);
      return { kind: 'ended', outcome: 'changed', reason: verdict.reason };
    }
    if (context.clock.now() >= deadline) {
      return { kind: 'ended', outcome: 'failed', reason: `it exited with 0, but ${verdict.reason}`, ...evidence };
    }
    if (verdict.reason !== last) {
      context.emit({
        type: 'step-progress',
        step: step.id,
        node: step.node,
        title: step.title,
        message: verdict.reason,
      });
    }
    last = verdict.reason;
    await context.clock.sleep(pause.next().value, context.control.leave);
  }
}

async function verifyRunStep(
  context: RunContext,
  step: PlanStep,
  evidence: { readonly tail: readonly string[]; readonly log: string },
): Promise<StepEnd> {
  if (step.check === undefined) return { kind: 'ended', outcome: 'changed', reason: 'exited with 0' };
  const checks = await runChecks(context, [step]);
  const verdict = judge(context.setting, step, { nodes: {} }, checks);
  return verdict.done
    ? { kind: 'ended', outcome: 'changed', reason: verdict.reason }
    : { kind: 'ended', outcome: 'failed', reason: 'it exited with 0, but its check still fails', ...evidence };
}

async function look(
  context: RunContext,
  step: PlanStep,
  verdict: (facts: NonNullable<RunContext['facts']>) => Verdict,
): Promise<Verdict> {
  try {
    return verdict(await refresh(context, step, outcomeFactsOf(context.setting, step), 0));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { done: false, reason: error.message };
  }
}

/** Is the step done, by facts or its check? Undefined where neither can tell (a `run:` step without a check). */
export async function judgedByFacts(context: RunContext, step: PlanStep): Promise<Verdict | undefined> {
  const action = actionOf(context.setting, step);
  if (!action && step.check === undefined) return undefined;
  const facts = await refresh(context, step, neededFacts(context, [step]), PATIENCE);
  return judge(context.setting, step, facts, await runChecks(context, [step]));
}
