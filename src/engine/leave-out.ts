import type { PlannedStep } from '../plan/bind.ts';
import { isSettled } from '../journal/progress.ts';
import type { RunContext } from './context.ts';

/** A node whose steps of a phase were left out because the runbook says so. */
export interface LeftOut {
  readonly node: string;
  readonly reason: string;
}

/** Every node that was left out so far, also by an earlier controller of the run; once, with the last reason. */
export function leftOutNodes({ phases, progress }: Pick<RunContext, 'phases' | 'progress'>): LeftOut[] {
  const reasons = new Map<string, string>();
  for (const { steps } of phases) {
    for (const step of steps) {
      const known = progress.get(step.key);
      if (known?.leavesOut === true) reasons.set(step.node.name, known.reason ?? '');
    }
  }
  return [...reasons].map(([node, reason]) => ({ node, reason }));
}

/** Ends the steps of a node that follow the one that left it out, as skipped. */
export async function leaveOut(context: RunContext, row: readonly PlannedStep[], out: PlannedStep): Promise<void> {
  for (const step of row.slice(out.at + 1)) await skip(context, step, `${out.node.name} was left out at ${out.id}`);
}

/** A step that judges the whole cluster would wait in vain for a node that was left out. */
export function needsAll(context: RunContext, { action }: PlannedStep): string | undefined {
  if (action.wholeCluster !== true) return undefined;
  const names = [...new Set(leftOutNodes(context).map(({ node }) => node))];
  return names.length === 0 ? undefined : `not the whole cluster was worked on: ${names.join(', ')} left out`;
}

/** Writes that a step was skipped, unless it has ended already. */
export async function skip(context: RunContext, step: PlannedStep, reason: string): Promise<void> {
  const { key, ref } = step;
  const known = context.progress.get(key);
  if (isSettled(known)) return;
  const end = { step: ref.step, node: ref.node, outcome: 'skipped', reason, duration: 0 } as const;
  await context.journal.append({ type: 'step-finished', ...end });
  context.progress.set(key, { ...(known ?? { attempts: 0 }), outcome: 'skipped', reason, duration: 0 });
  context.time.ended(step.planned);
  context.emit({ type: 'step-finished', ...end, title: ref.title, left: context.time.left });
}
