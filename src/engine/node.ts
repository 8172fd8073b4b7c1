import { Failure } from '../failure.ts';
import type { PlannedStep } from '../plan/bind.ts';
import { Left, type RunContext } from './context.ts';
import { leaveOut, needsAll, skip } from './leave-out.ts';
import { markFailedNode } from './mark.ts';
import { executeStep } from './step.ts';
import { asFailure, isTrouble } from './trouble.ts';

/** How the work on one node of a batch ended. */
export type NodeEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' | 'refused' | 'stopped' | 'left'; readonly step: PlannedStep; readonly reason: string };

/** Takes the steps of one node of a batch in order, up to the first that does not let it go on. */
export async function runNode(context: RunContext, row: readonly PlannedStep[]): Promise<NodeEnd> {
  for (const step of row) {
    try {
      const lacking = needsAll(context, step);
      if (lacking !== undefined) {
        await skip(context, step, lacking);
        continue;
      }
      const end = await executeStep(context, step);
      if (end.kind === 'refused') return { kind: 'refused', step, reason: 'a guard refused' };
      if (end.kind === 'stopped') return { kind: 'stopped', step, reason: 'stopped by the operator' };
      if ((end.outcome === 'failed' && end.continued !== true) || end.outcome === 'unknown') {
        await markFailedNode(context, row, step, end.reason);
        return { kind: 'failed', step, reason: end.reason };
      }
      if (end.leavesOut) {
        await leaveOut(context, row, step);
        return { kind: 'done' };
      }
    } catch (error) {
      if (error instanceof Left) return { kind: 'left', step, reason: 'left running on the node' };
      // A file here that cannot be written ends the run; a node that cannot be asked ends the work on it.
      const failure = isTrouble(error) ? asFailure(error) : undefined;
      const isOfNode = failure && (failure.kind === 'step-failed' || !(error instanceof Failure));
      if (!isOfNode) throw error;
      context.emit({ type: 'message', level: 'error', text: failure.message, detail: failure.detail });
      return { kind: 'failed', step, reason: failure.message };
    }
  }
  return { kind: 'done' };
}
