import { roughly } from '../duration.ts';
import { estimatePlan, takesOf, timesByNode } from '../plan/estimate.ts';
import type { Plan, PlanPhase } from '../plan/plan.ts';
import { localZone, stampText } from '../time-zone.ts';

/** How long a plan takes, and when it would end; undefined where nothing is due. */
export function planTime({ expected = [], ...plan }: Plan): string | undefined {
  if (expected.length === 0) return undefined;
  const whole = estimatePlan({ ...plan, expected });
  // A saved plan is looked at later, too.
  const begins = Date.parse(plan.createdAt);
  const [start, end] = [minuteText(begins), minuteText(begins + whole)];
  const until = end.slice(0, 10) === start.slice(0, 10) ? end.slice(11) : end;
  return `${roughly(whole)}; started at ${start}, it ends about ${until} (${sourceOf(expected)})`;
}

/** `2026-12-05 22:00` */
function minuteText(instant: number): string {
  return stampText(instant, localZone()).slice(0, 16);
}

/** How long a plan takes, whenever it is started; undefined where nothing is due. */
export function planDuration(plan: Pick<Plan, 'phases' | 'nodes' | 'expected'>): string | undefined {
  const { expected = [] } = plan;
  return expected.length === 0 ? undefined : `${roughly(estimatePlan(plan))} (${sourceOf(expected)})`;
}

function sourceOf(expected: NonNullable<Plan['expected']>): string {
  const measured = expected.filter((one) => one.measured !== undefined).length;
  return measured === 0 ? 'not measured here yet' : `${measured} of ${expected.length} kinds of step measured before`;
}

/** `about 4 min a node`; of nodes that take different times, the longest. Empty where nothing is due. */
export function phaseTime(plan: Plan, phase: PlanPhase): string {
  if (plan.expected === undefined) return '';
  const times = [...timesByNode(phase, takesOf(plan)).values()];
  const longest = Math.max(0, ...times);
  if (longest === 0) return '';
  const isEven = times.every((time) => time === longest);
  return `, ${isEven ? '' : 'up to '}${roughly(longest)}${times.length === 1 ? '' : ' a node'}`;
}
