import { actions } from '../actions/registry.ts';
import { runChecks, runRequirements } from '../engine/check.ts';
import { readFiles } from '../engine/files.ts';
import { LocalFiles } from '../engine/local-file.ts';
import { Failure } from '../failure.ts';
import { makePlan } from '../plan/make-plan.ts';
import type { Plan } from '../plan/plan.ts';
import type { Connection } from './connect.ts';
import type { Console } from './console.ts';
import type { Reading } from './facts.ts';
import type { Documents } from './load.ts';
import type { Scope } from './scope.ts';

/** The plan of `plan`, `apply --dry-run`, `preflight` and `apply` alike. */
export function planOf(
  { runbook, inventory, inputs, limit, chosen, overrides }: Documents,
  { guards, nodes }: Scope,
  { facts, observer }: Reading,
  { fleet }: Connection,
): Promise<Plan> {
  const context = { fleet, observer };
  return makePlan({
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
    checks: (steps) => runChecks(context, steps),
    requirements: (steps) => runRequirements(context, steps),
    files: (steps) => readFiles(fleet, new LocalFiles(), steps, facts),
    now: Date.now(),
  });
}

/** True where the plan would change something. */
export function hasChanges(plan: Plan): boolean {
  return plan.phases.some((phase) => phase.steps.some((step) => step.predicted.outcome === 'change'));
}

export function showFindings(console: Console, plan: Plan): void {
  for (const finding of plan.findings) console.emit({ type: 'finding', finding });
}

/** @throws Failure (guard-refused) when a guard refuses */
export function requireNoRefusal({ findings }: Pick<Plan, 'findings'>): void {
  const count = findings.filter((finding) => finding.severity === 'refuse').length;
  if (count === 0) return;
  throw new Failure('guard-refused', `${count === 1 ? 'one refusal' : `${count} refusals`}; nothing was changed`);
}
