import { run } from '../actions/run.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import type { Measured } from '../plan/expected.ts';
import { LOCAL } from '../plan/hosts.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { Console } from './console.ts';
import { again } from './plan-again.ts';
import { lastRehearsal, rehearsedEvent } from './rehearsals.ts';

/**
 * Whether the plan was rehearsed, and how that ended; before the first run on a cluster, and where the last rehearsal
 * does not hold, the command that does it. Nothing where there is nothing to rehearse.
 */
export async function showRehearsal(
  { emit }: Pick<Console, 'emit'>,
  root: string,
  plan: Plan,
  measured: readonly Measured[],
): Promise<void> {
  if (!stepsOfPlan(plan).some(isSimulated)) return;
  emit(rehearsedEvent(await lastRehearsal(root, plan), again('rehearse', plan, root), measured.length === 0));
}

/** Of commands of the runbook, a rehearsal would show nothing. */
function isSimulated({ action, place, predicted }: PlanStep): boolean {
  return action !== run.name && place !== LOCAL && predicted.outcome === 'change';
}
