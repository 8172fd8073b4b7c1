import { FAILED } from '../actions/lib/kubectl.ts';
import { quote } from '../transport/quote.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { stepKey } from '../plan/key.ts';
import { actionOf } from '../plan/judge.ts';
import type { PlanPhase, PlanStep } from '../plan/plan.ts';
import type { RunContext } from './context.ts';

/**
 * A node that failed between being taken out of service and being brought back stays cordoned; the reason is written on its Node
 * object for whoever finds it. So it is where its drain failed, and it was given back, after something on it had changed. Best effort: the run has failed already, and its journal says the same.
 */
export async function markFailedNode(
  context: RunContext,
  phase: PlanPhase,
  failed: PlanStep,
  reason: string,
): Promise<void> {
  if (!isOutOfService(context, phase, failed) && !isHalfDone(context, phase, failed)) return;
  const object = context.facts && nodeObjectFor(context.facts, failed.node);
  if (!object) return;
  const text = `run ${context.run}: ${failed.id} (${failed.title}): ${reason}`.slice(0, 500);
  const { kubeconfig } = context.setting.settings;
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

function isOutOfService(context: RunContext, phase: PlanPhase, failed: PlanStep): boolean {
  let out = false;
  for (const step of phase.steps.filter((candidate) => candidate.node === failed.node)) {
    if (step.id === failed.id) return out;
    const service = actionOf(context.setting, step)?.service;
    if (service === 'out' && isChanged(context, step)) out = true;
    if (service === 'in') out = false;
  }
  return out;
}

/** Something that is never done twice has changed it in this phase, which still has to bring it back into service (and then takes the reason away). */
function isHalfDone(context: RunContext, phase: PlanPhase, failed: PlanStep): boolean {
  const mine = phase.steps.filter((step) => step.node === failed.node);
  const at = mine.findIndex((step) => step.id === failed.id);
  const returns = mine.slice(at).some((step) => actionOf(context.setting, step)?.service === 'in');
  return returns && mine.slice(0, at).some((step) => step.effect === 'once' && isChanged(context, step));
}

function isChanged(context: RunContext, step: PlanStep): boolean {
  return context.progress.get(stepKey(step.node, step.id))?.outcome === 'changed';
}
