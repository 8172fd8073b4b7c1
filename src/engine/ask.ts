import { stepsOfPlan } from '../plan/all-steps.ts';
import type { PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import type { StepEnd } from './step-end.ts';
import { showStarted } from './started.ts';

/** Waits for a person's answer. Anything but yes stops the run here, and `resume` asks again. */
export async function askStep(context: RunContext, step: PlannedStep, question: string): Promise<StepEnd> {
  const changes = stepsOfPlan(context.plan).some((one) => one.predicted.outcome === 'change');
  if (!changes) return { kind: 'ended', outcome: 'unchanged', reason: 'nothing would be changed, so no one is asked' };
  showStarted(context, step);
  const answer = await context.ask?.(step.planned, question);
  if (answer === undefined) return { kind: 'ended', outcome: 'failed', reason: 'no one can be asked here' };
  return answer.approved ? { kind: 'ended', outcome: 'unchanged', reason: answer.how } : { kind: 'stopped' };
}
