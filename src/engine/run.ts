import { noOutcomes, type OutcomeCounts } from '../event.ts';
import { mayFail } from '../plan/batches.ts';
import type { BoundPhase, PlannedStep } from '../plan/bind.ts';
import { type PlanPhase, whySkipped } from '../plan/plan.ts';
import type { RunContext } from './context.ts';
import { endedBefore } from './ended-before.ts';
import { type LeftOut, leftOutNodes } from './leave-out.ts';
import { runNode } from './node.ts';
import type { NodeEnd } from './node-step.ts';
import { Pace, type Turn } from './pace.ts';
import { prepareNodes } from './prepare.ts';

export interface RunResult {
  /** `paused`: it may go on later, and everything that was begun is done. */
  readonly outcome: 'done' | 'failed' | 'refused' | 'stopped' | 'paused';
  readonly counts: Readonly<OutcomeCounts>;
  /** The step that stopped it, if one did. */
  readonly at?: PlannedStep;
  readonly reason: string;
  /** Nodes that the runbook lets be left out: not everything is done. */
  readonly leftOut?: readonly LeftOut[];
}

/**
 * Walks a plan: phases and their batches in order, the nodes of a batch side by side, a node's steps in order.
 * Nothing new starts after a batch with more failures than the phase allows, a refusal, or the operator's word.
 */
export async function runPlan(context: RunContext): Promise<RunResult> {
  const failedNodes = new Set<string>();
  const pace = new Pace(context);
  let firstFailure: (NodeEnd & { kind: 'failed' | 'refused' | 'stopped' | 'left' }) | undefined;
  for (const bound of context.phases) {
    const { phase } = bound;
    const skipped = whySkipped(phase);
    if (skipped !== undefined) {
      context.emit({ type: 'phase-skipped', ...placeOf(context, phase), reason: skipped });
      continue;
    }
    context.emit(phaseStarted(context, bound));
    let failures = 0;
    for await (const turn of pace.turns(bound, failedNodes)) {
      if (turn.kind !== 'go') return heldUp(context, turn, firstFailure);
      const { nodes } = turn;
      prepareNodes(context, bound, nextNodes(phase, nodes));
      const ends = await pace.watch(bound, nodes, () => allEnded(nodes.map((node) => runNode(context, bound, node))));
      for (const [index, end] of ends.entries()) {
        if (end.kind === 'done') continue;
        if (end.kind === 'failed') {
          failures += 1;
          failedNodes.add(nodes[index] ?? '');
        }
        firstFailure ??= end;
        if (end.kind !== 'failed') return stopped(context, end);
      }
      const batch = phase.batches.findIndex((names) => names.includes(nodes[0] ?? ''));
      if (failures > mayFail(phase, batch) && firstFailure) return stopped(context, firstFailure);
      if (context.control.stop.aborted && hasMore(context, phase, turn.isLast)) {
        return result(context, 'stopped', 'stopped by the operator');
      }
    }
    context.emit({ type: 'phase-finished', phase: phase.number, name: phase.name });
  }
  if (firstFailure) return stopped(context, firstFailure);
  return result(context, 'done', '');
}

/** As many nodes of the phase as these, behind them. */
function nextNodes({ batches }: PlanPhase, nodes: readonly string[]): string[] {
  const order = batches.flat();
  const after = order.indexOf(nodes.at(-1) ?? '') + 1;
  return order.slice(after, after + nodes.length);
}

/** Like Promise.all, but a failure waits until the other nodes of the batch have come to their end too. */
async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

const NOTHING_NEW = 'No new node was started. When it holds again, `runbook resume` continues.';

/** A node that failed before a pause, which the phase allows, is no pause: someone has to look at it. */
function heldUp(
  context: RunContext,
  { kind, reason }: Exclude<Turn, { kind: 'go' }>,
  failure: (NodeEnd & { kind: 'failed' | 'refused' | 'stopped' | 'left' }) | undefined,
): RunResult {
  if (kind === 'failed') context.emit({ type: 'message', level: 'error', text: reason, detail: [NOTHING_NEW] });
  else if (failure) context.emit({ type: 'stopping', reason });
  return failure && kind === 'paused' ? stopped(context, failure) : result(context, kind, reason);
}

function stopped(context: RunContext, end: NodeEnd & { kind: 'failed' | 'refused' | 'stopped' | 'left' }): RunResult {
  const outcome = end.kind === 'failed' ? 'failed' : end.kind === 'refused' ? 'refused' : 'stopped';
  return { ...result(context, outcome, end.reason), at: end.step };
}

function result(context: RunContext, outcome: RunResult['outcome'], reason: string): RunResult {
  const leftOut = leftOutNodes(context);
  return { outcome, counts: countOutcomes(context), reason, ...(leftOut.length > 0 ? { leftOut } : {}) };
}

/** How many planned steps have which outcome. */
export function countOutcomes({
  phases,
  progress,
}: Pick<RunContext, 'progress'> & { readonly phases: readonly Pick<BoundPhase, 'steps'>[] }): OutcomeCounts {
  const counts = noOutcomes();
  for (const { steps } of phases) {
    for (const { key } of steps) {
      const outcome = progress.get(key)?.outcome;
      if (outcome) counts[outcome] += 1;
    }
  }
  return counts;
}

function hasMore({ plan }: RunContext, phase: PlanPhase, isLastTurn: boolean): boolean {
  return !isLastTurn || phase !== plan.phases.findLast(({ batches }) => batches.length > 0);
}

function phaseStarted(context: RunContext, bound: BoundPhase) {
  const { phase } = bound;
  const before = endedBefore(context, bound);
  return {
    type: 'phase-started' as const,
    ...placeOf(context, phase),
    nodes: phase.batches.flat(),
    ...(before.length > 0 ? { before } : {}),
  };
}

function placeOf({ plan }: RunContext, { number, name }: PlanPhase) {
  return { phase: number, phases: plan.phases.at(-1)?.number ?? 0, name };
}
