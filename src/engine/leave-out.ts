import { stepKey } from '../plan/key.ts';
import { actionOf } from '../plan/judge.ts';
import type { PlanPhase, PlanStep } from '../plan/plan.ts';
import { isSettled } from '../journal/progress.ts';
import type { RunContext } from './context.ts';

/** A node whose steps of a phase were left out because the runbook says so. */
export interface LeftOut {
  readonly node: string;
  readonly reason: string;
}

/** Every node that was left out so far, also by an earlier controller of the run; once, with the last reason. */
export function leftOutNodes({ plan, progress }: Pick<RunContext, 'plan' | 'progress'>): LeftOut[] {
  const reasons = new Map<string, string>();
  for (const step of plan.phases.flatMap((phase) => phase.steps)) {
    const known = progress.get(stepKey(step.node, step.id));
    if (known?.leavesOut === true) reasons.set(step.node, known.reason ?? '');
  }
  return [...reasons].map(([node, reason]) => ({ node, reason }));
}

/** Ends the steps of a node that follow the one that left it out, as skipped. */
export async function leaveOut(context: RunContext, phase: PlanPhase, out: PlanStep): Promise<void> {
  const mine = phase.steps.filter((step) => step.node === out.node);
  for (const step of mine.slice(mine.findIndex((step) => step.id === out.id) + 1)) {
    await skip(context, step, `${out.node} was left out at ${out.id}`);
  }
}

/** A step that judges the whole cluster would wait in vain for a node that was left out. */
export function needsAll(context: RunContext, step: PlanStep): string | undefined {
  if (actionOf(context.setting, step)?.wholeCluster !== true) return undefined;
  const names = [...new Set(leftOutNodes(context).map(({ node }) => node))];
  return names.length === 0 ? undefined : `not the whole cluster was worked on: ${names.join(', ')} left out`;
}

/** Writes that a step was skipped, unless it has ended already. */
export async function skip(context: RunContext, step: PlanStep, reason: string): Promise<void> {
  const key = stepKey(step.node, step.id);
  const known = context.progress.get(key);
  if (isSettled(known?.outcome)) return;
  const end = { step: step.id, node: step.node, outcome: 'skipped', reason, duration: 0 } as const;
  await context.journal.append({ type: 'step-finished', ...end });
  context.progress.set(key, { ...(known ?? { attempts: 0 }), outcome: 'skipped', reason, duration: 0 });
  context.emit({ type: 'step-finished', ...end, title: step.title });
}
