import { type Evaluated, evaluateText } from '../documents/expressions.ts';
import type { Scope } from '../documents/model.ts';
import { envNamesIn, expressionsIn } from '../documents/results.ts';
import { isTemplate } from '../documents/template.ts';
import type { Facts } from '../facts/facts.ts';
import type { DraftedStep } from './bind.ts';
import type { ResultOf } from './refs.ts';
import { isOpen, resultsFor } from './results.ts';
import { scopeFor } from './scope.ts';

/** The expressions of a step that are evaluated again in the run. */
export function openExpressions({ if: condition, deferred = {} }: Pick<DraftedStep, 'if' | 'deferred'>): string[] {
  return [...conditionOf(condition), ...Object.values(deferred).flatMap(expressionsIn)];
}

/** Whether only the run can tell if a step's condition holds. */
export function isUndecided(step: DraftedStep, predicted: ResultOf): boolean {
  const { refs } = step.scope;
  return readsDeferred(step) || conditionOf(step.if).some((expression) => isOpen(expression, refs, predicted));
}

/** The names of a step's condition. */
export function conditionScope(step: DraftedStep, facts: Facts, results: ResultOf): Evaluated<Scope> {
  const scope = scopeOf(step, facts, results);
  if (!readsDeferred(step)) return { ok: true, value: scope };
  const env = evaluated(variablesOfEnv(step), scope);
  return env.ok ? { ok: true, value: { ...scope, env: { ...step.env, ...env.value } } } : env;
}

/** The values of the variables that wait for results. */
export function deferredValues(
  step: DraftedStep,
  facts: Facts,
  results: ResultOf,
): Evaluated<Readonly<Record<string, string>>> {
  const { deferred } = step;
  if (!deferred) return { ok: true, value: {} };
  const scope = scopeOf(step, facts, results);
  const env = evaluated(variablesOfEnv(step), scope);
  if (!env.ok) return env;
  const others = Object.entries(deferred).filter(([name]) => !Object.hasOwn(env.value, name));
  const values = evaluated(others, { ...scope, env: { ...step.env, ...env.value } });
  return values.ok ? { ok: true, value: { ...env.value, ...values.value } } : values;
}

/** The names of a step's expressions. */
export function scopeOf(step: DraftedStep, facts: Facts, results: ResultOf): Scope {
  const { inventory, inputs, node, hop, refs, failed, known } = step.scope;
  const scope = { ...scopeFor(inventory, inputs, facts, node, step.env, hop), ...known };
  const ofNode = failed === undefined || !scope.node ? {} : { node: { ...scope.node, failed } };
  return { ...scope, ...ofNode, ...resultsFor(openExpressions(step), refs, results) };
}

function evaluated(
  templates: readonly (readonly [string, string])[],
  scope: Scope,
): Evaluated<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const [name, template] of templates) {
    const result = evaluateText(template, scope);
    if (!result.ok) return result;
    values[name] = result.value;
  }
  return { ok: true, value: values };
}

/** The author's variables, which other expressions of the step may read, without those made for its script. */
function variablesOfEnv({ deferred = {} }: DraftedStep): [string, string][] {
  return Object.entries(deferred).filter(([name]) => !/^RUNBOOK_EXPR_\d+$/.test(name));
}

function readsDeferred(step: DraftedStep): boolean {
  const deferred = new Set(variablesOfEnv(step).map(([name]) => name));
  if (deferred.size === 0) return false;
  return conditionOf(step.if).some((text) => envNamesIn(text)?.some((name) => deferred.has(name)) ?? true);
}

/** The expression of an `if:`. */
export function conditionOf(condition: string | undefined): string[] {
  if (condition === undefined) return [];
  return isTemplate(condition) ? expressionsIn(condition) : [condition];
}
