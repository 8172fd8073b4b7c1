import { contextOf, type DraftedStep, type PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import { isTrouble } from './trouble.ts';

/**
 * Writes the reason on the Node object of a node that failed while out of service or half changed. Best effort: the
 * run has failed already, and its journal says the same.
 */
export async function markFailedNode(context: RunContext, failed: PlannedStep, reason: string): Promise<void> {
  const { row } = failed;
  if (!isOutOfService(context, row, failed) && !isHalfDone(context, row, failed)) return;
  const { facts } = context;
  if (!facts) return;
  const text = `run ${context.run}: ${failed.id} (${failed.title}): ${reason}`.slice(0, 500);
  const [script] = row.flatMap((step) => step.action.noteFailure?.(contextOf(step, facts), text) ?? []);
  if (script === undefined) return;
  try {
    const { links, observer } = context;
    await links.whileChanging(() =>
      links.with(observer.kubectlHost(), (remote) => remote.probe(script, { timeout: 30_000 })),
    );
  } catch (error) {
    if (!isTrouble(error)) throw error;
    const name = failed.node.name;
    context.emit({
      type: 'message',
      level: 'warning',
      text: `could not write the reason on the Node object of ${name}`,
      detail: [error.message],
    });
  }
}

function isOutOfService(context: RunContext, row: readonly DraftedStep[], failed: PlannedStep): boolean {
  let out = false;
  for (const step of row.slice(0, failed.at)) {
    const { service } = step.action;
    if (service === 'out' && isChanged(context, step)) out = true;
    if (service === 'in') out = false;
  }
  return out;
}

/** A `once` step changed the node in this phase, and a later step returns it to service (and removes the reason). */
function isHalfDone(context: RunContext, row: readonly DraftedStep[], failed: PlannedStep): boolean {
  const returns = row.slice(failed.at).some((step) => step.action.service === 'in');
  return returns && row.slice(0, failed.at).some((step) => step.effect === 'once' && isChanged(context, step));
}

function isChanged(context: RunContext, step: DraftedStep): boolean {
  return context.progress.get(step.key)?.outcome === 'changed';
}
