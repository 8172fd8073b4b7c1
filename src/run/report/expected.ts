import { actions } from '../../actions/registry.ts';
import { estimatePlan, isDue, phaseTakes, takesOf, timesByNode } from '../../plan/estimate.ts';
import type { Plan, PlanPhase, PlanStep } from '../../plan/plan.ts';
import type { RunReport } from '../../render/report-data.ts';

/** How long the plan expected its parts to take. Milliseconds; undefined where nothing was due. */
export interface ExpectedTimes {
  readonly run: RunReport['expected'];
  readonly ofStep: (step: PlanStep) => number | undefined;
  /** Its batches one after another. */
  readonly ofPhase: (phase: PlanPhase) => number | undefined;
  /** Its steps in all phases. */
  readonly ofNode: (node: string) => number | undefined;
}

/** A plan of an earlier version expects nothing: no estimate is made up afterwards. */
export function expectedTimes(plan: Plan): ExpectedTimes {
  const { expected = [], phases } = plan;
  const isKnown = expected.length > 0;
  const takes = takesOf(plan, actions);
  const byPhase = new Map<number, number>();
  const byNode = new Map<string, number>();
  for (const phase of isKnown ? phases : []) {
    const times = timesByNode(phase, takes);
    byPhase.set(phase.number, phaseTakes(phase, times));
    for (const [node, time] of times) byNode.set(node, (byNode.get(node) ?? 0) + time);
  }
  const measured = expected.filter((one) => one.measured !== undefined).length;
  return {
    run: isKnown ? { takes: estimatePlan(plan, actions), kinds: expected.length, measured } : undefined,
    ofStep: (step) => (isKnown && isDue(step) ? takes(step) : undefined),
    ofPhase: ({ number }) => byPhase.get(number) || undefined,
    ofNode: (node) => byNode.get(node),
  };
}
