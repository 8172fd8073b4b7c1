import { cleared, nextPass } from '../journal/passes.ts';
import { isSettled } from '../journal/progress.ts';
import { atEnd, type PlannedStep } from '../plan/bind.ts';
import { stepKey } from '../plan/key.ts';
import type { PlanPhase } from '../plan/plan.ts';
import type { RunContext } from './context.ts';
import { type NodeEnd, takeStep } from './node-step.ts';
import { settleStep } from './step.ts';

/**
 * Before the steps of a node: where its `always` steps of an earlier controller's pass have begun after a failure, that
 * pass is brought to its end, then the next one begins. Undefined: the node's steps can go on.
 */
export async function beginPass(
  context: RunContext,
  phase: PlanPhase,
  row: readonly PlannedStep[],
  ends: readonly PlannedStep[],
): Promise<NodeEnd | undefined> {
  if (!ends.some((step) => hasBegun(context, step)) || allSettled(context, row)) return undefined;
  // Only a journal that was rebuilt from the nodes has such: attempts without their ends, before what came after them.
  for (const step of row.filter((one) => isOpen(context, one))) {
    const end = await takeStep(context, step, settleStep);
    if (end.kind !== 'done' && isOpen(context, step)) return end;
  }
  const left = ends.filter((step) => !isOver(context, step));
  const end = await runAlways(context, row, left, { kind: 'done' });
  if (!ends.every((step) => isOver(context, step))) return end;
  if (!allSettled(context, row) && !context.control.stop.aborted) await startPass(context, phase, row);
  return undefined;
}

/** After the steps of a node: its `always` steps, unless something may still run there or the run only pauses. */
export async function endPass(
  context: RunContext,
  row: readonly PlannedStep[],
  ends: readonly PlannedStep[],
  end: NodeEnd,
): Promise<NodeEnd> {
  if (end.kind === 'stopped' || end.kind === 'left' || row.some((step) => isOpen(context, step))) return end;
  return runAlways(context, row, ends, end);
}

/** A step that fails does not keep the others from running; the first trouble of the node is its end. */
async function runAlways(
  context: RunContext,
  row: readonly PlannedStep[],
  ends: readonly PlannedStep[],
  before: NodeEnd,
): Promise<NodeEnd> {
  let result = before;
  const failed = !allSettled(context, row);
  for (const step of ends) {
    const end = await takeStep(context, atEnd(step, failed));
    if (end.kind === 'done') continue;
    if (result.kind === 'done') result = end;
    if (end.kind === 'stopped' || end.kind === 'left' || isOpen(context, step)) break;
  }
  return result;
}

async function startPass(context: RunContext, phase: PlanPhase, row: readonly PlannedStep[]): Promise<void> {
  const [first] = row;
  if (!first) return;
  const { name } = first.node;
  const { pass, again } = nextPass(phase, name, context.progress);
  await context.journal.append({ type: 'pass-started', phase: phase.number, node: name, pass, again });
  for (const id of again) {
    const key = stepKey(name, id);
    context.progress.set(key, cleared(context.progress.get(key), pass));
  }
  const undone = row.filter(({ id }) => again.includes(id)).map(({ id }) => id);
  if (undone.length === 0) return;
  const text = `${name}: done again, because what undoes it ran after the failure: ${undone.join(', ')}`;
  context.emit({ type: 'message', level: 'info', text, detail: [] });
}

function allSettled({ progress }: RunContext, row: readonly PlannedStep[]): boolean {
  return row.every(({ key }) => isSettled(progress.get(key)));
}

function hasBegun({ progress }: RunContext, { key }: PlannedStep): boolean {
  const known = progress.get(key);
  return known?.outcome !== undefined || known?.last !== undefined;
}

/** It has an outcome in this pass. */
function isOver({ progress }: RunContext, { key }: PlannedStep): boolean {
  const outcome = progress.get(key)?.outcome;
  return outcome !== undefined && outcome !== 'unknown';
}

/** It may still run, or its effect is not known. */
function isOpen({ progress }: RunContext, { key }: PlannedStep): boolean {
  const known = progress.get(key);
  return known?.outcome === 'unknown' || (known?.outcome === undefined && known?.last !== undefined);
}
