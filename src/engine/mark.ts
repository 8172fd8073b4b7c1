import { FAILED } from '../actions/lib/kubectl.ts';
import { quote } from '../transport/quote.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import type { PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';

/**
 * A node that failed between being taken out of service and being brought back stays cordoned; the reason is written on its Node
 * object for whoever finds it. So it is where its drain failed, and it was given back, after something on it had changed. Best effort: the run has failed already, and its journal says the same.
 */
export async function markFailedNode(
  context: RunContext,
  row: readonly PlannedStep[],
  failed: PlannedStep,
  reason: string,
): Promise<void> {
  if (!isOutOfService(context, row, failed) && !isHalfDone(context, row, failed)) return;
  const object = context.facts && nodeObjectFor(context.facts, failed.node.name);
  if (!object) return;
  const text = `run ${context.run}: ${failed.id} (${failed.title}): ${reason}`.slice(0, 500);
  const { kubeconfig } = failed.view.settings;
  const script = `kubectl --kubeconfig ${quote(kubeconfig)} --request-timeout=20s annotate --overwrite node ${quote(object.name)} ${quote(`${FAILED}=${text}`)}`;
  try {
    await context.fleet.with(context.observer.kubectlHost(), (remote) => remote.probe(script, { timeout: 30_000 }));
  } catch (error) {
    const detail = error instanceof Error ? [error.message] : [];
    context.emit({
      type: 'message',
      level: 'warning',
      text: `could not write the reason on Node ${object.name}`,
      detail,
    });
  }
}

function isOutOfService(context: RunContext, row: readonly PlannedStep[], failed: PlannedStep): boolean {
  let out = false;
  for (const step of row.slice(0, failed.at)) {
    const { service } = step.action;
    if (service === 'out' && isChanged(context, step)) out = true;
    if (service === 'in') out = false;
  }
  return out;
}

/** Something that is never done twice has changed it in this phase, which still has to bring it back into service (and then takes the reason away). */
function isHalfDone(context: RunContext, row: readonly PlannedStep[], failed: PlannedStep): boolean {
  const returns = row.slice(failed.at).some((step) => step.action.service === 'in');
  return returns && row.slice(0, failed.at).some((step) => step.effect === 'once' && isChanged(context, step));
}

function isChanged(context: RunContext, step: PlannedStep): boolean {
  return context.progress.get(step.key)?.outcome === 'changed';
}
