import type { Action } from '../actions/action.ts';
import { ownScript } from '../actions/lib/own-script.ts';
import { run } from '../actions/run.ts';
import { evaluateTemplate, evaluateText } from '../documents/expressions.ts';
import type { Inventory, InventoryNode, Phase, Step } from '../documents/model.ts';
import { secretInput } from '../documents/secrets.ts';
import { baseOf } from '../documents/sources.ts';
import { localPath } from '../documents/target.ts';
import { checkVariables } from '../documents/variables.ts';
import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import type { DraftedStep } from './bind.ts';
import type { PlanHop, PlanStep } from './plan.ts';
import { scopeFor } from './scope.ts';
import { slug } from './slug.ts';

/** A step resolved for one node. Only a `run:` step has its script by then. */
export type DraftStep = Omit<PlanStep, 'predicted' | 'commands'> & {
  /** The runbook gives this step's `timeout`. */
  readonly ownTimeout?: boolean;
  /** Its script as the author wrote it. */
  readonly shown?: string;
};

/** A phase with its nodes chosen and its steps resolved for each of them. */
export interface DraftPhase {
  readonly number: number;
  readonly name: string;
  readonly phase: Phase;
  readonly batches: readonly (readonly string[])[];
  readonly steps: readonly DraftedStep[];
  readonly always?: readonly DraftedStep[];
  readonly hop?: PlanHop;
  /** Why nothing of it is planned. */
  readonly skipped?: string;
}

/** Resolves one step for one node. @throws Failure (document) when an expression or the resolved `with` is wrong. */
export function draftStep(
  step: Step,
  number: string,
  node: InventoryNode,
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  facts: Facts,
  actions: ReadonlyMap<string, Action>,
  hop?: PlanHop,
): { readonly draft: DraftStep; readonly action: Action; readonly options: unknown } {
  const resolve = (value: unknown, env: Readonly<Record<string, string>> = {}): unknown => {
    const result = evaluateTemplate(value, scopeFor(inventory, inputs, facts, node, env, hop));
    if (!result.ok) throw wrong(step, node, result.error.message);
    return result.value;
  };
  const text = (value: string, env: Readonly<Record<string, string>>): string => {
    const result = evaluateText(value, scopeFor(inventory, inputs, facts, node, env, hop));
    if (!result.ok) throw wrong(step, node, result.error.message);
    return result.value;
  };
  const env = textValues(resolve(step.env ?? {}));
  const [tooLong] = checkVariables(env);
  if (tooLong) throw wrong(step, node, `env: ${tooLong.message}`, [tooLong.detail]);
  const common = {
    node: node.name,
    retries: step.retries,
    ...(step.retryDelay === undefined ? {} : { retryDelay: step.retryDelay }),
    ...(step.id === undefined ? {} : { ref: step.id }),
    ...(step.undoneBy === undefined ? {} : { undoneBy: step.undoneBy }),
    ...(step.continueOnError === true ? { continueOnError: true as const } : {}),
    env,
    ...(step.if === undefined ? {} : { if: step.if }),
  };
  if (step.kind === 'run') {
    const shown = text(step.run, env);
    const { shell = 'sh', strict } = step;
    const draft = {
      ...common,
      id: `${number}-${slug(step.name ?? run.name)}`,
      title: step.name ?? firstLine(shown),
      action: run.name,
      with: {},
      place: step.on,
      effect: step.effect,
      timeout: step.timeout ?? run.timeout,
      onTimeout: step.onTimeout ?? run.onTimeout,
      script: ownScript(shown, { shell, strict }),
      shown,
      ...(shell === 'bash' && { shell }),
      ...(step.secrets && { secrets: inputsOf(step.secrets) }),
      ...(step.check === undefined ? {} : { check: text(step.check, env) }),
    };
    return { draft, action: run, options: {} };
  }
  const action = actions.get(step.uses);
  if (!action) throw wrong(step, node, `unknown action ${step.uses}`);
  const resolved = withAbsolute(recordOf(resolve(step.with, env)), step, action);
  const parsed = action.schema.safeParse(resolved);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(step, node, `with.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const draft = {
    ...common,
    // A time limit that only the resolved `with` gives is set where the facts are known (predict.ts).
    ...(step.timeout === undefined ? {} : { ownTimeout: true }),
    id: `${number}-${slug(step.name ?? step.uses)}`,
    title: step.name ?? titleOf(step.uses, resolved),
    action: step.uses,
    with: resolved,
    place: action.placeOf?.(parsed.data) ?? action.place,
    effect: action.effect,
    timeout: step.timeout ?? action.timeout,
    onTimeout: step.onTimeout ?? action.onTimeout,
  };
  return { draft, action, options: parsed.data };
}

/** What the plan holds is absolute; `~/` is anybody's own home. */
function withAbsolute(
  values: Record<string, unknown>,
  step: Extract<Step, { kind: 'uses' }>,
  action: Action,
): Record<string, unknown> {
  const paths = (action.localPaths ?? []).flatMap((name) => {
    const value = values[name];
    const isPath = typeof value === 'string' && value !== '' && !/^~(\/|$)/.test(value);
    return isPath ? [[name, localPath(value, baseOf(step, name, action))]] : [];
  });
  return { ...values, ...Object.fromEntries(paths) };
}

function wrong(step: Step, node: InventoryNode, message: string, advice: readonly string[] = []): Failure {
  const { file, line, column } = step.span;
  return new Failure('document', `${file}:${line}:${column}: on node ${node.name}: ${message}`, advice);
}

function titleOf(action: string, values: Readonly<Record<string, unknown>>): string {
  const packages = values.packages;
  if (Array.isArray(packages)) return `${action} ${packages.join(' ')}`;
  return action;
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

/** By variable, the input that it names. */
function inputsOf(secrets: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, secretInput(value) ?? '']));
}

function textValues(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(recordOf(value)).map(([key, item]) => [key, typeof item === 'string' ? item : JSON.stringify(item)]),
  );
}

function recordOf(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}
