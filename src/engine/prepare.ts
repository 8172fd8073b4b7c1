import { isSettled } from '../journal/progress.ts';
import type { BoundPhase, PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import { attemptId } from './attempt.ts';

/** Attempts of a node that are made room for ahead. */
const MOST = 64;

/** Dials nodes that come next, and makes them ready for the attempts of this phase; nothing of it is waited for. */
export function prepareNodes(context: RunContext, { rows }: BoundPhase, nodes: readonly string[]): void {
  for (const name of nodes) {
    const steps = (rows.get(name) ?? []).filter((step) => step.place === 'node' && isNew(context, step));
    const ids = steps.slice(0, MOST).map((step) => attemptId(step, 1));
    if (ids.length > 0) context.links.prepare(name, context.run, ids);
  }
}

/** {@link prepareNodes} of those that a run begins with. */
export function prepareFirst(context: RunContext): void {
  const isLeft = ({ key }: PlannedStep): boolean => !isSettled(context.progress.get(key));
  const bound = context.phases.find(({ steps }) => steps.some(isLeft));
  const batch = bound?.phase.batches.find((names) => names.some((name) => bound.rows.get(name)?.some(isLeft)));
  if (bound && batch) prepareNodes(context, bound, batch);
}

function isNew({ progress }: RunContext, { key }: PlannedStep): boolean {
  const { outcome, attempts } = progress.get(key) ?? { attempts: 0 };
  return outcome === undefined && attempts === 0;
}
