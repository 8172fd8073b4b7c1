import { evaluateCondition } from '../documents/expressions.ts';
import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import type { Finding } from '../guards/guard.ts';
import { applyOverrides, type Override } from '../guards/lib/override.ts';
import { checkStep } from '../guards/registry.ts';
import { contextOf, type DraftedStep } from './bind.ts';
import { isAhead, needlessOutage } from './outage.ts';
import type { ResultOf } from './refs.ts';
import { conditionScope, isUndecided } from './step-scope.ts';

/** What is to become of a step. */
export type Decision =
  | { readonly kind: 'skip' | 'done'; readonly reason: string }
  | (Due & { readonly kind: 'refused' | 'wait' | 'go' })
  | (Due & { readonly kind: 'ask'; readonly question: string });

/** A step that is not done. */
interface Due {
  /** What is left to do. */
  readonly reason: string;
  readonly findings: readonly Finding[];
  /** The facts once it has succeeded. */
  readonly after: Facts;
}

export interface Asked {
  /** Guards that are asked. */
  readonly guards: readonly string[];
  /** The run that is about to take the step; undefined while planning. */
  readonly run?: string;
  readonly overrides?: readonly Override[] | undefined;
  /** The results of the steps before it. */
  readonly results: ResultOf;
  /** Its last attempt in this run failed or was cut off. */
  readonly cutOff?: boolean;
}

/** Decides a step, in the one order of planning and running: condition, needless outage, isDone, guards. */
export function decideStep(step: DraftedStep, facts: Facts, asked: Asked): Decision {
  if (!conditionHolds(step, facts, asked)) {
    return { kind: 'skip', reason: `its condition is false: ${step.if ?? ''}` };
  }
  const needless = isAhead(step) ? needlessOutage(step, facts) : undefined;
  if (needless) return { kind: 'done', reason: needless.reason };
  const { action } = step;
  const context = contextOf(step, facts, asked.cutOff);
  const { done, reason } = action.isDone(context);
  if (done) return { kind: 'done', reason };
  const after = action.project(context);
  const findings = findingsOf(step, facts, after, asked);
  const due = { reason, findings, after };
  if (findings.some((finding) => finding.severity === 'refuse')) return { ...due, kind: 'refused' };
  const question = action.asks?.(context);
  if (question !== undefined) return { ...due, kind: 'ask', question };
  return { ...due, kind: action.script ? 'go' : 'wait' };
}

/** What these guards find in a step, whether it is due or not. */
export function judgeStep(step: DraftedStep, facts: Facts, asked: Omit<Asked, 'results'>): readonly Finding[] {
  return findingsOf(step, facts, step.action.project(contextOf(step, facts)), asked);
}

function findingsOf(
  step: DraftedStep,
  before: Facts,
  after: Facts,
  { guards, run, overrides }: Omit<Asked, 'results'>,
) {
  if (guards.length === 0) return [];
  const { nodes } = step.view;
  return applyOverrides(
    checkStep({ nodes, before, after, step, ...(run !== undefined && { run }) }, guards),
    overrides,
  );
}

/** @throws Failure where it cannot be evaluated: of the document while planning, of the step in a run */
export function conditionHolds(
  step: DraftedStep,
  facts: Facts,
  { run, results }: Pick<Asked, 'run' | 'results'>,
): boolean {
  if (step.if === undefined || (run === undefined && isUndecided(step, results))) return true;
  const scope = conditionScope(step, facts, results);
  const result = scope.ok ? evaluateCondition(step.if, scope.value) : scope;
  if (result.ok) return result.value;
  const message = `${step.id} on ${step.node.name}: if: ${result.error.message}`;
  throw new Failure(run === undefined ? 'document' : 'step-failed', message);
}
