import { isDue } from '../../plan/estimate.ts';
import { stepsOfPlan } from '../../plan/all-steps.ts';
import type { Plan, PlanStep } from '../../plan/plan.ts';
import type { Misfortune, Place } from './misfortune.ts';

/** Where a misfortune strikes: the step, and the node that has it. */
export interface Target {
  readonly misfortune: Misfortune;
  readonly step: PlanStep;
  /** The node that is struck; another than the step's, where the misfortune strikes elsewhere. */
  readonly victim: string;
}

/** A place for each misfortune that the plan has one for, chosen by a seed. */
export function targetsOf(plan: Plan, misfortunes: readonly Misfortune[], random: () => number): Target[] {
  return misfortunes.flatMap((misfortune) => {
    const { at } = misfortune;
    const [first, other] = [stepsFor(plan, at), at.or ? stepsFor(plan, at.or) : []];
    const step = choose(first.length > 0 ? first : other, at.which, random);
    if (!step) return [];
    const victim = isElsewhere(misfortune) ? otherThan(plan, step.node, random) : step.node;
    return victim === undefined ? [] : [{ misfortune, step, victim }];
  });
}

function stepsFor(plan: Plan, at: Place): PlanStep[] {
  const roles = new Map(plan.nodes.map(({ name, role }) => [name, role]));
  return stepsOfPlan(plan).filter(
    (step) =>
      step.action === at.action &&
      isDue(step) &&
      (at.of === undefined || step.title.includes(at.of)) &&
      (at.role === undefined || roles.get(step.node) === at.role),
  );
}

function choose(
  steps: readonly PlanStep[],
  which: Misfortune['at']['which'],
  random: () => number,
): PlanStep | undefined {
  // The same draws whatever is chosen, so that one more misfortune moves no other.
  const drawn = steps[Math.floor(random() * steps.length)];
  return which === 'last' ? steps.at(-1) : drawn;
}

function isElsewhere({ strike }: Misfortune): boolean {
  return strike.kind === 'problem' && strike.on === 'other';
}

/** A node of the same role; of the control planes not the first one, which is asked about the cluster. */
function otherThan({ nodes }: Plan, node: string, random: () => number): string | undefined {
  const role = nodes.find(({ name }) => name === node)?.role;
  const alike = nodes.filter((one) => one.role === role);
  const others = (role === 'control-plane' ? alike.slice(1) : alike).filter(({ name }) => name !== node);
  return others[Math.floor(random() * others.length)]?.name;
}
