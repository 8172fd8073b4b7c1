import { countOutcomes, type RunResult } from '../engine/run.ts';
import type { RunContext } from '../engine/context.ts';
import { leftOutNodes } from '../engine/leave-out.ts';
import type { NewEvent } from '../event.ts';
import type { NodeObject } from '../facts/nodes.ts';
import { isSettled } from '../journal/progress.ts';
import { stepsOnNode } from '../plan/bind.ts';
import { resumeCommand } from './again.ts';
import { again } from './plan-again.ts';
import type { Execution } from './execute.ts';

type RunFinished = Extract<NewEvent, { type: 'run-finished' }>;

/**
 * The summary of the whole run, also of what processes before this one did. `objects`: as seen last; `began`: when this
 * process did, in milliseconds.
 */
export function runEnd(
  { plan, record, store }: Execution,
  context: RunContext,
  { outcome, at, reason = '' }: Pick<RunResult, 'outcome'> & Partial<RunResult>,
  objects: readonly NodeObject[] | undefined,
  began: number,
): RunFinished {
  const order = new Map(plan.nodes.map(({ name }, index) => [name, index]));
  const leftOut = leftOutNodes(context).toSorted((a, b) => (order.get(a.node) ?? 0) - (order.get(b.node) ?? 0));
  const isPartial = outcome === 'done' && leftOut.length > 0;
  const continued = context.phases
    .flatMap(({ steps }) => steps)
    .flatMap(({ key, ref }) => (context.progress.get(key)?.continued ? [{ node: ref.node, step: ref.step }] : []));
  const leftRunning = stillRunning(context);
  const cordoned = cordonedNodes(context, objects ?? []);
  return {
    type: 'run-finished',
    run: record.run,
    // With nodes left out the run is over but not complete: exit 1, as for a failed step.
    outcome: isPartial ? 'failed' : outcome,
    // Of a step that failed, its own event has the reason.
    ...((outcome === 'paused' || outcome === 'failed') && at === undefined && reason !== '' ? { reason } : {}),
    counts: countOutcomes(context),
    duration: record.worked + Date.now() - began,
    startedAt: record.startedAt,
    ...(record.resumed > 0 ? { resumed: record.resumed } : {}),
    nodes: nodeCounts(context),
    ...(continued.length > 0 ? { continued } : {}),
    ...(leftOut.length > 0 ? { leftOut } : {}),
    ...(leftRunning.length > 0 ? { leftRunning } : {}),
    ...(cordoned.length > 0 ? { cordoned } : {}),
    next: isPartial
      ? [again('apply', plan, store.root)]
      : outcome === 'done'
        ? []
        : [resumeCommand(record.run, store.root)],
  };
}

function nodeCounts(context: RunContext): NonNullable<RunFinished['nodes']> {
  return context.plan.nodes.flatMap(({ name }) => {
    const steps = context.phases.map((bound) => ({ steps: stepsOnNode(bound, name) }));
    const counts = countOutcomes({ phases: steps, progress: context.progress });
    if (Object.values(counts).every((amount) => amount === 0)) return [];
    const known = steps.flatMap((one) => one.steps).map(({ key }) => context.progress.get(key));
    const notDone = known.some((one) => one?.outcome === 'unknown' || (one?.outcome === 'failed' && !isSettled(one)));
    return [{ node: name, counts, ...(notDone ? { notDone: true as const } : {}) }];
  });
}

/** Attempts of which no end is known: they continue where they run. */
function stillRunning({ phases, progress }: RunContext): NonNullable<RunFinished['leftRunning']> {
  return phases
    .flatMap(({ steps }) => steps)
    .flatMap(({ key, ref }) => {
      const known = progress.get(key);
      if (!known?.last || known.last.ended || isSettled(known)) return [];
      return [{ host: known.last.host, ...ref }];
    });
}

function cordonedNodes({ plan }: RunContext, objects: readonly NodeObject[]): NonNullable<RunFinished['cordoned']> {
  const cordoned = new Set(objects.flatMap((one) => (one.unschedulable ? [one.name] : [])));
  return plan.nodes.flatMap(({ name, object = name, before }) =>
    cordoned.has(object) ? [{ node: name, before: before?.unschedulable === true }] : [],
  );
}
