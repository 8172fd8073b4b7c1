import type { Action } from '../actions/action.ts';
import { ownScript } from '../actions/lib/own-script.ts';
import { run } from '../actions/run.ts';
import { sha256 } from '../digest.ts';
import { evaluateTemplate, evaluateText, namesInTemplate } from '../documents/expressions.ts';
import { itemText } from '../documents/for-each.ts';
import { shellOf } from '../documents/scripts.ts';
import { quote } from '../transport/quote.ts';
import type { Inventory, InventoryNode, Phase, Step } from '../documents/model.ts';
import { expressionsIn } from '../documents/results.ts';
import { secretInput } from '../documents/secrets.ts';
import { baseOf } from '../documents/sources.ts';
import { localPath } from '../documents/target.ts';
import { checkVariables } from '../documents/variables.ts';
import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import type { DraftedStep } from './bind.ts';
import { unknownNode } from './before.ts';
import { asWritten, Deferred } from './deferred.ts';
import type { PlanGate } from './pace.ts';
import { type Known, knownFor } from './places.ts';
import type { PlanHop, PlanPhase, PlanStep } from './plan.ts';
import type { KnownRefs } from './refs.ts';
import { resultsFor } from './results.ts';
import { conditionOf } from './step-scope.ts';
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
  readonly maxFailures: PlanPhase['maxFailures'];
  /** Milliseconds. */
  readonly pause?: number;
  readonly steps: readonly DraftedStep[];
  readonly always?: readonly DraftedStep[];
  readonly gate?: PlanGate;
  readonly hop?: PlanHop;
  /** Why nothing of it is planned. */
  readonly skipped?: string;
}

/** What a step is planned in, besides its node and the facts. */
interface Surroundings {
  readonly hop: PlanHop | undefined;
  readonly refs: KnownRefs;
  readonly known: Known | undefined;
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
  { hop, refs, known }: Surroundings,
): { readonly draft: DraftStep; readonly action: Action; readonly options: unknown } {
  const deferred = new Deferred(refs);
  // Of a step that was not planned for this node, the result is known.
  const scope = (env: Readonly<Record<string, string>>, value: unknown) => ({
    ...scopeFor(inventory, inputs, facts, node, env, hop),
    ...known,
    ...resultsFor(textsIn(value).flatMap(expressionsIn), refs, () => undefined),
  });
  const resolve = (value: unknown, env: Readonly<Record<string, string>> = {}): unknown => {
    const result = evaluateTemplate(value, scope(env, value));
    if (!result.ok) throw wrong(step, node, result.error.message);
    return result.value;
  };
  const text = (value: string, env: Readonly<Record<string, string>>): string => {
    const result = evaluateText(value, scope(env, value));
    if (!result.ok) throw wrong(step, node, result.error.message);
    return result.value;
  };
  const stranger = unknownNode(expressionsOf(step), inventory);
  if (stranger !== undefined) throw wrong(step, node, `nodes['${stranger}']: the inventory has no such node`);
  const env = textValues(resolve(deferred.env(step.env ?? {})));
  const [tooLong] = checkVariables(env);
  if (tooLong) throw wrong(step, node, `env: ${tooLong.message}`, [tooLong.detail]);
  const common = {
    node: node.name,
    retries: step.retries,
    ...(step.retryDelay === undefined ? {} : { retryDelay: step.retryDelay }),
    ...(step.undoneBy === undefined ? {} : { undoneBy: step.undoneBy }),
    ...(step.rehearse === undefined ? {} : { rehearse: assumedBy(step.rehearse) }),
    ...(step.continueOnError === true ? { continueOnError: true as const } : {}),
    env,
    ...(step.if === undefined ? {} : { if: step.if }),
    ...(step.id === undefined ? {} : { ref: step.id, ...(step.once === true && { once: true as const }) }),
  };
  const titled = (title: string) => (known?.each ? `${title} (${itemText(known.each)})` : title);
  if (step.kind === 'run') {
    const script = step.text ?? text(deferred.script(step.run), env);
    const check = step.check === undefined ? undefined : text(deferred.script(step.check), env);
    const args = (step.args ?? []).map((value) => wordOf(deferred.script(String(value)), (part) => text(part, env)));
    const { templates } = deferred;
    const { shell = shellOf(step.text ?? ''), strict } = step;
    const own = step.text ?? asWritten(script, templates);
    const shown = step.script === undefined ? own : asWritten(callOf(step.script, own, args), templates);
    const draft = {
      ...common,
      id: `${number}-${slug(step.name ?? step.script?.split('/').at(-1) ?? run.name)}`,
      title: titled(step.name ?? (step.script === undefined ? firstLine(own) : `script ${step.script}`)),
      action: run.name,
      with: {},
      place: step.on,
      effect: step.effect,
      timeout: step.timeout ?? run.timeout,
      onTimeout: step.onTimeout ?? run.onTimeout,
      script: ownScript(script, { shell, strict, args }),
      shown,
      ...(shell === 'bash' && { shell }),
      ...(step.secrets && { secrets: inputsOf(step.secrets) }),
      ...(check === undefined ? {} : { check }),
      ...(templates && { deferred: templates }),
      ...knownFor(known, rootsOf(step, templates)),
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
    title: titled(step.name ?? titleOf(step.uses, resolved)),
    action: step.uses,
    with: resolved,
    place: action.placeOf?.(parsed.data) ?? action.place,
    effect: action.effect,
    timeout: step.timeout ?? action.timeout,
    onTimeout: step.onTimeout ?? action.onTimeout,
    ...(deferred.templates && { deferred: deferred.templates }),
    // A file that is filled in by `copy` may read all of them.
    ...(resolved.template === true ? known && { known } : knownFor(known, rootsOf(step, deferred.templates))),
  };
  return { draft, action, options: parsed.data };
}

/** What its expressions read while it runs. */
function rootsOf(step: Step, deferred: Readonly<Record<string, string>> = {}): ReadonlySet<string> {
  const names = [...namesInTemplate(step.if ?? '', true), ...namesInTemplate(deferred)];
  return new Set(names.map(([root]) => root ?? ''));
}

/** One word of sh, in which results of steps are variables. */
function wordOf(template: string, text: (part: string) => string): string {
  const parts = template.split(/(\$\{RUNBOOK_EXPR_\d+\})/);
  const words = parts.map((part, index) => (index % 2 === 1 ? `"${part}"` : part === '' ? '' : quote(text(part))));
  return words.join('') || "''";
}

/** A script of a file in one line; `-v` shows it whole. */
function callOf(file: string, text: string, args: readonly string[]): string {
  const lines = text.trimEnd().split('\n').length;
  const digest = sha256(text).slice(0, 12);
  return `${[quote(file), ...args].join(' ')}   # ${lines} ${lines === 1 ? 'line' : 'lines'}, sha256 ${digest}`;
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

/** Of everything that may read results of steps. */
function expressionsOf(step: Step): string[] {
  const own = step.kind === 'run' ? [step.run, step.args, step.check] : [];
  return [...conditionOf(step.if), ...textsIn([...own, step.env]).flatMap(expressionsIn)];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(textsIn) : [];
}

function wrong(step: Step, node: InventoryNode, message: string, advice: readonly string[] = []): Failure {
  const { file, line, column } = step.span;
  return new Failure('document', `${file}:${line}:${column}: on node ${node.name}: ${message}`, advice);
}

function titleOf(action: string, values: Readonly<Record<string, unknown>>): string {
  const packages = values.packages;
  if (Array.isArray(packages) && packages.length > 0) return `${action} ${packages.join(' ')}`;
  return action;
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

function assumedBy({ exit, outputs }: NonNullable<Step['rehearse']>): NonNullable<DraftStep['rehearse']> {
  return { ...(exit !== undefined && { exit }), ...(outputs && { outputs: textValues(outputs) }) };
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
