import { actionOf, contextOf } from '../plan/judge.ts';
import type { PlanStep } from '../plan/plan.ts';
import { ref } from './attempt-end.ts';
import type { RunContext } from './context.ts';
import type { StepEnd } from './step-end.ts';

/** What a step asks a person, in whole lines; undefined: it asks nobody. */
export function questionOf(context: Pick<RunContext, 'setting'>, step: PlanStep): string | undefined {
  const action = actionOf(context.setting, step);
  return action?.asks?.(contextOf(context.setting, action, step, { nodes: {} }));
}

/** Waits for a person's answer. Anything but yes stops the run here, and `resume` asks again. */
export async function askStep(context: RunContext, step: PlanStep, question: string): Promise<StepEnd> {
  const changes = context.plan.phases.some((phase) => phase.steps.some((one) => one.predicted.outcome === 'change'));
  if (!changes) return { kind: 'ended', outcome: 'unchanged', reason: 'nothing would be changed, so nobody is asked' };
  context.emit({ type: 'step-started', ...ref(step), attempt: 1, commands: step.commands, reattached: false });
  const answer = await context.ask?.(step, question);
  if (answer === undefined) return { kind: 'ended', outcome: 'failed', reason: 'there is nobody to ask' };
  return answer.approved ? { kind: 'ended', outcome: 'unchanged', reason: answer.how } : { kind: 'stopped' };
}
