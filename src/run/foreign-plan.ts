import { hasLocalFiles } from '../actions/registry.ts';
import type { Inventory } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import { openSteps } from '../journal/passes.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import { gateText } from '../plan/pace.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import { renderPlan } from '../render/plan.ts';
import type { Console } from './console.ts';
import { confirm } from './control.ts';
import type { FoundRun } from './find-run.ts';
import { emitPlan } from './plan.ts';
import { secretsOfStep } from './secret-sources.ts';

/**
 * A plan that comes from the nodes is shown whole, scripts and all, as far as it is not done. What it would run on this
 * machine, or do to its files, a person allows first: --yes does not, unless --plan-digest says that the plan is known.
 * @throws Failure (usage) where no person can be asked, (cancelled) for anything but yes
 */
export async function showForeignPlan(
  console: Console,
  { run, plan, steps, from }: FoundRun,
  inventory: Inventory,
  planDigest: string | undefined,
): Promise<void> {
  const open = ofOpenSteps(plan, openSteps(plan, steps));
  console.info(`the plan of run ${run} comes from ${from.join(', ')}: what is left of it`, [`digest ${plan.digest}`]);
  console.renderer.pause();
  if (console.output === 'json') emitPlan(console, open);
  else console.print(renderPlan(open, { ...console.look, verbose: true }));
  console.renderer.resume();
  const here = stepsOfPlan(open).filter((step) => concernsThisMachine(step, inventory));
  const gates = open.phases.filter(({ gate }) => gate && !(gate.ask.kind === 'run' && gate.ask.place !== 'local'));
  const hooks = (plan.hooks ?? []).map(({ id, title }) => `${id}: ${title}`);
  if (here.length + gates.length + hooks.length === 0 || planDigest !== undefined) return;
  const ofSteps = here.map((step) => {
    const sources = Object.entries(secretsOfStep(plan, step)).map(([name, source]) => `${name} from ${source}`);
    const reads = sources.length === 0 ? '' : ` (reads secrets: ${sources.join(', ')})`;
    return `${stepKey(step.node, step.id)}: ${step.title}${reads}`;
  });
  const names = [
    ...ofSteps,
    ...gates.map(({ name, gate }) => `the gate of phase ${name}: ${gate ? gateText(gate) : ''}`),
    ...hooks,
  ];
  const many = [amountOf(here.length, 'step'), amountOf(gates.length, 'gate'), amountOf(hooks.length, 'hook')]
    .filter(Boolean)
    .join(' and ');
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new Failure(
      'usage',
      `a plan that comes from nodes has ${many} for this machine, and there is no terminal to ask on`,
      [
        ...names,
        'Nothing was done; --yes does not answer this. Look at the scripts above.',
        `If you know that this is the plan that you made: --plan-digest ${plan.digest}`,
      ],
    );
  console.warn(
    `this plan comes from nodes, and has ${many} that run on this machine or read or write its files`,
    names,
  );
  await confirm(console, 'Allow them?');
}

function amountOf(amount: number, noun: string): string {
  if (amount === 0) return '';
  return amount === 1 ? `one ${noun}` : `${amount} ${noun}s`;
}

function ofOpenSteps(plan: Plan, open: ReadonlySet<PlanStep>): Plan {
  const phases = plan.phases.map(({ always, ...phase }) => ({
    ...phase,
    steps: phase.steps.filter((step) => open.has(step)),
    ...(always && { always: always.filter((step) => open.has(step)) }),
  }));
  return { ...plan, phases: phases.filter((phase) => stepsOfPhase(phase).length > 0) };
}

function concernsThisMachine({ place, action, secrets }: PlanStep, { kubectl }: Inventory): boolean {
  // The source of a secret is a file, a variable or a command of this machine, and what it gives goes to a node.
  if (secrets) return true;
  return place === 'local' || (place === 'kubectl' && kubectl.on === 'local') || hasLocalFiles(action);
}
