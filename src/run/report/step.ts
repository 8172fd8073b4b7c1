import { stepsOfPhase } from '../../plan/all-steps.ts';
import type { Plan, PlanStep } from '../../plan/plan.ts';
import { placeName } from '../../render/place.ts';
import type { ReportStep } from '../../render/report-data.ts';
import { escapeControls } from '../../render/text.ts';
import type { ExpectedTimes } from './expected.ts';
import type { Texts } from './texts.ts';

/** The part of a step that tells what came of it. */
type Course = Pick<ReportStep, 'outcome' | 'reason' | 'spans' | 'continued' | 'outputs'>;

/** The steps of a report, in the order of the plan: what the plan says of each, and what came of it. */
export function stepsFor(
  plan: Plan,
  texts: Texts,
  expected: ExpectedTimes,
  courseOf: (step: PlanStep) => Course,
): ReportStep[] {
  return plan.phases.flatMap((phase) =>
    stepsOfPhase(phase).map((step): ReportStep => {
      const place = placeName(step.place);
      const takes = expected.ofStep(step);
      return {
        phase: phase.number,
        node: step.node,
        step: step.id,
        title: step.title,
        ...(place !== undefined && { runsOn: place }),
        commands: step.commands.map((command) => texts.of(command.split('\n').map(escapeControls).join('\n'))),
        ...courseOf(step),
        ...(takes !== undefined && { expected: takes }),
      };
    }),
  );
}
