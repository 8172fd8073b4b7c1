import { actions } from '../actions/registry.ts';
import { readLooked } from '../engine/files.ts';
import type { Links } from '../engine/links.ts';
import { LocalFiles } from '../engine/local-file.ts';
import type { Facts } from '../facts/facts.ts';
import type { Looked } from '../facts/lib/looked.ts';
import { Failure } from '../failure.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import type { DraftedStep } from '../plan/bind.ts';
import type { Measured } from '../plan/expected.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { renderFindings } from '../render/plan.ts';
import type { Console } from './console.ts';
import type { Reading } from './facts.ts';
import type { Documents } from './load.ts';
import type { OwnAnswers } from './own-commands.ts';
import type { Scope } from './scope.ts';

/** Reads what steps look at beside the facts that their actions declare. */
export type Look = (steps: readonly DraftedStep[], facts: Facts) => Promise<Looked | undefined>;

/** On the nodes, over their links. */
export function lookOver(links: Links): Look {
  return (steps, facts) => readLooked(links, new LocalFiles(), steps, facts, true);
}

/**
 * The plan of `plan`, `apply --dry-run`, `preflight` and `apply` alike.
 * @param measured what earlier runs took; nothing where no one is shown how long it takes
 */
export async function planOf(
  own: OwnAnswers,
  { runbook, inventory, inputs, limit, chosen, overrides }: Documents,
  { guards, nodes }: Scope,
  { facts }: Reading,
  look: Look,
  measured: readonly Measured[] = [],
): Promise<Plan> {
  const plan = await makePlan({
    runbook,
    inventory,
    inputs,
    ...(limit === undefined ? {} : { limit }),
    facts,
    contacted: new Set(nodes),
    actions,
    guards,
    ...(chosen && { chosen }),
    overrides,
    measured,
    checks: own.checks,
    requirements: own.requirements,
    look: (steps) => look(steps, facts),
    now: Date.now(),
  });
  return { ...plan, findings: [...plan.findings, ...own.findings] };
}

/** True where the plan would change something. */
export function hasChanges(plan: Plan): boolean {
  return stepsOfPlan(plan).some((step) => step.predicted.outcome === 'change');
}

/** The plan as events. @param from releases that the nodes have */
export function emitPlan(console: Console, plan: Plan, from?: readonly string[]): void {
  const steps = plan.phases.flatMap((phase) => stepsOfPhase(phase).map((step) => ({ phase: phase.number, step })));
  for (const { phase, step } of steps) {
    const { id, node, title, commands, check, predicted } = step;
    const own = check === undefined ? {} : { check };
    console.emit({ type: 'step-planned', phase, step: id, node, title, ...predicted, ...own, commands });
  }
  console.emit({
    type: 'planned',
    runbook: plan.runbook.name,
    cluster: plan.inventory.cluster,
    digest: plan.digest,
    nodes: plan.nodes.map((node) => node.name),
    steps: steps.length,
    changes: steps.filter(({ step }) => step.predicted.outcome === 'change').length,
    ...(from && from.length > 0 && { from }),
  });
}

/** For people each once for all nodes that have it so; with `-v`, and for programs, one after the other. */
export function showFindings(console: Console, plan: Plan): void {
  if (console.output === 'json' || console.look.verbose) {
    for (const finding of plan.findings) console.emit({ type: 'finding', finding });
    return;
  }
  const { columns, ...rest } = console.look;
  const look = { ...rest, ...(console.output === 'pretty' && { columns }) };
  const { refused, others } = renderFindings(plan, look);
  console.renderer.pause();
  console.print(others);
  console.print(refused, process.stderr);
  console.renderer.resume();
}

/** @throws Failure (guard-refused) when a guard refuses */
export function requireNoRefusal({ findings }: Pick<Plan, 'findings'>): void {
  const count = findings.filter((finding) => finding.severity === 'refuse').length;
  if (count === 0) return;
  throw new Failure('guard-refused', `${count === 1 ? 'one refusal' : `${count} refusals`}; nothing was changed`);
}
