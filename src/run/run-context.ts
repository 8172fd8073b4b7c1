import type { Action } from '../actions/action.ts';
import { actions as known } from '../actions/registry.ts';
import type { Inventory } from '../documents/model.ts';
import { type RunContext, RunState } from '../engine/context.ts';
import { TimeLeft } from '../engine/time-left.ts';
import { bindPlan } from '../plan/bind.ts';
import { takesOf } from '../plan/estimate.ts';

/** What differs from one run to the next, and from a run on nodes to one on simulated ones. */
export interface RunParts extends Omit<RunContext, 'phases' | 'state' | 'time'> {
  readonly inventory: Inventory;
  readonly actions?: ReadonlyMap<string, Action>;
}

/** All that the engine works with to run a plan from where its progress ends. */
export function runContext({ inventory, actions = known, ...parts }: RunParts): RunContext {
  const { plan, progress, run } = parts;
  return {
    ...parts,
    phases: bindPlan(plan, { actions, inventory, run }),
    state: new RunState(),
    time: new TimeLeft(plan, takesOf(plan, actions), progress),
  };
}
