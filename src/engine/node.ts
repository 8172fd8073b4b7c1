import type { BoundPhase, PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import { leaveOut } from './leave-out.ts';
import { type NodeEnd, takeStep } from './node-step.ts';
import { beginPass, endPass } from './passes.ts';
import { executeStep } from './step.ts';

/** The work of a phase on one node of a batch: its steps, then what always runs at its end. */
export async function runNode(context: RunContext, { phase, rows, ends }: BoundPhase, name: string): Promise<NodeEnd> {
  const [row, always] = [rows.get(name) ?? [], ends.get(name) ?? []];
  if (always.length === 0) return runSteps(context, row);
  const held = await beginPass(context, phase, row, always);
  return held ?? endPass(context, row, always, await runSteps(context, row));
}

/** Takes the steps of one node in order, up to the first that does not let it go on. */
async function runSteps(context: RunContext, row: readonly PlannedStep[]): Promise<NodeEnd> {
  for (const [at, step] of row.entries()) {
    const end = await takeStep(context, step, executeStep, row[at + 1]);
    if (end.kind !== 'done') return end;
    if (end.leavesOut === true) {
      await leaveOut(context, row, step);
      return { kind: 'done' };
    }
  }
  return { kind: 'done' };
}
