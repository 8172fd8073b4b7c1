import { judge } from '../plan/judge.ts';
import type { PlanStep } from '../plan/plan.ts';
import type { RunContext } from './context.ts';
import { neededFacts, refresh } from './decide.ts';
import { pauses } from './poll.ts';
import type { StepEnd } from './step-end.ts';

/** A step without a script: fresh facts until they say it is so, at most for its time limit. It changes nothing. */
export async function waitStep(context: RunContext, step: PlanStep): Promise<StepEnd> {
  const ref = { step: step.id, node: step.node, title: step.title };
  context.emit({ type: 'step-started', ...ref, attempt: 1, commands: step.commands, reattached: false });
  const deadline = context.clock.now() + step.timeout;
  const pause = pauses();
  const ids = neededFacts(context, [step]);
  for (let last = ''; ;) {
    let reason: string;
    try {
      const verdict = judge(context.setting, step, await refresh(context, step, ids, 0), new Map());
      if (verdict.done) return { kind: 'ended', outcome: 'unchanged', reason: verdict.reason };
      reason = verdict.reason;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      reason = error.message;
    }
    if (context.clock.now() >= deadline) {
      return { kind: 'ended', outcome: 'failed', reason: `not so within ${step.timeout / 1000} s: ${reason}` };
    }
    if (reason !== last) context.emit({ type: 'step-progress', ...ref, message: reason });
    last = reason;
    await context.clock.sleep(pause.next().value, context.control.stop);
    if (context.control.stop.aborted) return { kind: 'stopped' };
  }
}
