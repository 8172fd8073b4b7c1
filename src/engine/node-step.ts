import { isBad } from '../event.ts';
import { Failure } from '../failure.ts';
import type { PlannedStep } from '../plan/bind.ts';
import { Left, type RunContext } from './context.ts';
import { needsAll, skip } from './leave-out.ts';
import { markFailedNode } from './mark.ts';
import { onlySends } from './only-sends.ts';
import { executeStep } from './step.ts';
import type { StepEnd } from './step-end.ts';
import { asFailure, isTrouble } from './trouble.ts';

/** How the work on one node of a batch ended. */
export type NodeEnd =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' | 'refused' | 'stopped' | 'left'; readonly step: PlannedStep; readonly reason: string };

/** `done`: the node continues. */
export type Taken = NodeEnd & { readonly leavesOut?: true };

/**
 * Takes one step to its outcome by `work`, and says what that means for its node.
 * @param next what the node continues with
 */
export async function takeStep(
  context: RunContext,
  step: PlannedStep,
  work: (context: RunContext, step: PlannedStep) => Promise<StepEnd | undefined> = executeStep,
  next?: PlannedStep,
): Promise<Taken> {
  try {
    const lacking = needsAll(context, step);
    if (lacking !== undefined) {
      await skip(context, step, lacking);
      return { kind: 'done' };
    }
    const end = await work(context, step);
    const continues = end?.kind === 'ended' && (end.continued === true || !isBad(end.outcome));
    // The record of its attempt, which comes first, waits for those of this step too.
    if (!continues || end.leavesOut === true || !next || !onlySends(next)) await context.state.written(step.node.name);
    if (!end) return { kind: 'done' };
    if (end.kind === 'refused') return { kind: 'refused', step, reason: 'a guard refused' };
    if (end.kind === 'stopped') return { kind: 'stopped', step, reason: 'stopped by the operator' };
    if (!continues) {
      await markFailedNode(context, step, end.reason);
      return { kind: 'failed', step, reason: end.reason };
    }
    return { kind: 'done', ...(end.leavesOut && { leavesOut: end.leavesOut }) };
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
