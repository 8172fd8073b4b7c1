import type { Environment } from '@marcbachmann/cel-js';
import type { FactId } from '../facts/facts.ts';
import { type CelProblem, checkCel, evaluateCel, namesIn, typedEnvironment } from './cel.ts';
import type { Scope, Template } from './model.ts';
import { type Declared, factsBehind, type Names, namesOf } from './names.ts';
import { ofResult, unknownNodeSteps } from './result-problems.ts';
import { isTemplate, parseTemplate, wholeExpression } from './template.ts';

/** What is wrong with one `${{ }}`. */
export interface ExpressionProblem {
  readonly code: CelProblem['code'];
  readonly message: string;
  readonly detail?: string;
  readonly expression: string;
  /** Keys and indexes from the checked value to the string. */
  readonly path: readonly (string | number)[];
  /** Offsets in that string. */
  readonly start: number;
  readonly end: number;
}

/** An expression that cannot be evaluated; who catches it knows the step. */
export class ExpressionError extends Error {
  readonly problem: ExpressionProblem;
  constructor(problem: ExpressionProblem) {
    super(`\${{ ${problem.expression} }}: ${problem.message}${problem.detail ? ` (${problem.detail})` : ''}`);
    this.name = 'ExpressionError';
    this.problem = problem;
  }
}
export type Evaluated<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ExpressionError };

/** The type of a checked template: CEL's, as far as JSON distinguishes them. `unknown`: known only during the run. */
export type TemplateType = 'string' | 'number' | 'boolean' | 'list' | 'map' | 'null' | 'unknown';

export interface Checked {
  readonly problems: readonly ExpressionProblem[];
  /** By path (as JSON) of each string that holds an expression. */
  readonly types: ReadonlyMap<string, TemplateType>;
}

interface Known {
  readonly names: Readonly<Record<string, string | Names>>;
  readonly environment: Environment;
}
const known = new WeakMap<Declared, Known>();
/** Most steps of a runbook know the same names: by the inputs of their file, and what else is declared there. */
const alike = new WeakMap<Declared['inputs'], Map<string, Known>>();

function knownOf(declared: Declared): Known {
  const found = known.get(declared) ?? knownAlike(declared);
  known.set(declared, found);
  return found;
}

function knownAlike(declared: Declared): Known {
  const { inputs, ...rest } = declared;
  const those = alike.get(inputs) ?? new Map<string, Known>();
  alike.set(inputs, those);
  const key = JSON.stringify(rest);
  const found = those.get(key) ?? madeOf(namesOf(declared));
  those.set(key, found);
  return found;
}

function madeOf(names: Known['names']): Known {
  return { names, environment: typedEnvironment(names) };
}

/** Type-checks every `${{ }}` in a string, list or map against the names known there. */
export function checkTemplate(value: Template, declared: Declared): Checked {
  const problems: ExpressionProblem[] = [];
  const types = new Map<string, TemplateType>();
  eachString(value, [], (text, path) => {
    if (!isTemplate(text)) return;
    const template = parseTemplate(text);
    const whole = wholeExpression(template);
    let type: TemplateType = 'string';
    for (const part of template.parts) {
      if (part.kind === 'text') continue;
      const result = check(part.text, declared);
      if (!result.ok) problems.push(...result.problems.map((one) => place(one, part.text, path, part.offset)));
      if (whole) type = result.ok ? templateType(result.value) : 'unknown';
    }
    if (template.open !== undefined) problems.push(place(NOT_CLOSED, '', path, template.open));
    types.set(JSON.stringify(path), type);
  });
  return { problems, types };
}

const NOT_CLOSED: CelProblem = {
  code: 'expression-syntax',
  message: '`${{` is never closed by `}}`',
  start: 0,
  end: 3,
};

/** Type-checks an `if:`, with or without `${{ }}` around it; anything but a boolean is a problem. */
export function checkCondition(text: string, declared: Declared): readonly ExpressionProblem[] {
  const condition = conditionOf(text);
  if (!condition.ok) return [condition.problem];
  const result = check(condition.text, declared);
  const problems = result.ok ? notBoolean(condition.text, templateType(result.value)) : result.problems;
  return problems.map((one) => place(one, condition.text, [], condition.offset));
}

/**
 * The value with every `${{ }}` replaced. A string that is one expression keeps its type; mixed ones become strings.
 */
export function evaluateTemplate(value: Template, scope: Scope): Evaluated<unknown> {
  return attempt(() => replace(value, scope, []));
}

/** {@link evaluateTemplate} for what must be text in the end: `run`, `check`, values of `env`. */
export function evaluateText(value: string, scope: Scope): Evaluated<string> {
  return attempt(() => asText(replace(value, scope, [])));
}

/** Whether an `if:` holds. Not a boolean is an error. */
export function evaluateCondition(text: string, scope: Scope): Evaluated<boolean> {
  return attempt(() => {
    const condition = conditionOf(text);
    if (!condition.ok) throw new ExpressionError(condition.problem);
    const value = evaluate(condition.text, scope, [], condition.offset);
    if (typeof value === 'boolean') return value;
    const [problem] = notBoolean(condition.text, plainType(value));
    throw new ExpressionError(place(problem ?? NOT_CLOSED, condition.text, [], condition.offset));
  });
}

/** The facts that must be read before a template (or, with `condition`, an `if:`) can be evaluated. */
export function factsIn(value: Template, condition = false): readonly FactId[] {
  return [...new Set(namesInTemplate(value, condition).flatMap(factsBehind))];
}

/** Dotted names (`node.vars.rack`) that a template (or, with `condition`, an `if:`) reads. */
export function namesInTemplate(value: Template, condition = false): readonly (readonly string[])[] {
  const names: (readonly string[])[] = [];
  eachString(value, [], (text) => {
    if (condition && !isTemplate(text)) names.push(...namesIn(text.trim()));
    for (const part of parseTemplate(text).parts) if (part.kind === 'expression') names.push(...namesIn(part.text));
  });
  return names;
}

function check(text: string, declared: Declared) {
  const { names, environment } = knownOf(declared);
  const result = checkCel(text, names, environment);
  if (!result.ok) {
    const explain = (one: CelProblem) => ofSecret(one, text, declared) ?? ofResult(one, text, declared) ?? one;
    return { ok: false as const, problems: result.problems.map(explain) };
  }
  const unknown = unknownNodeSteps(text, declared);
  return unknown.length === 0 ? result : { ok: false as const, problems: unknown };
}

/** A name that is unknown only because it is that of a secret. */
function ofSecret(problem: CelProblem, text: string, { inputs }: Declared): CelProblem | undefined {
  const name = text.slice(problem.start, problem.end).replaceAll(/^["']|["']$/g, '');
  const isInput = problem.message === `\`inputs\` has no \`${name}\`` && Object.hasOwn(inputs, name);
  if (!isInput || inputs[name]?.type !== 'secret') return undefined;
  const detail = `secrets: { ${name.toUpperCase()}: "\${{ inputs.${name} }}" } gives its script the path of a file`;
  const message = `\`inputs.${name}\` is a secret: only \`secrets\` of a \`run\` step may name it`;
  return { ...problem, code: 'secret', message, detail };
}

function notBoolean(text: string, type: TemplateType): CelProblem[] {
  if (type === 'boolean' || type === 'unknown') return [];
  const message = `a condition must be true or false, this is ${TYPE_WORDS[type]}`;
  return [{ code: 'expression-type', message, start: 0, end: text.length }];
}

export const TYPE_WORDS: Readonly<Record<TemplateType, string>> = {
  string: 'a string',
  number: 'a number',
  boolean: 'a boolean',
  list: 'a list',
  map: 'a map',
  null: 'null',
  unknown: 'of unknown type',
};

type Condition =
  | { readonly ok: true; readonly text: string; readonly offset: number }
  | { readonly ok: false; readonly problem: ExpressionProblem };

function conditionOf(value: string): Condition {
  const text = value.trim();
  const offset = value.length - value.trimStart().length;
  if (!isTemplate(text)) return { ok: true, text, offset };
  const whole = wholeExpression(parseTemplate(text));
  if (whole) return { ok: true, text: whole.text, offset: offset + whole.offset };
  const message = 'a condition is one expression as a whole';
  const problem = {
    code: 'expression-syntax',
    message,
    detail: 'leave out the ${{ }}',
    start: 0,
    end: text.length,
  } as const;
  return { ok: false, problem: place(problem, text, [], offset) };
}

function place(
  { code, message, detail, start, end }: CelProblem,
  expression: string,
  path: ExpressionProblem['path'],
  offset: number,
): ExpressionProblem {
  return { code, message, ...(detail ? { detail } : {}), expression, path, start: offset + start, end: offset + end };
}

function attempt<T>(work: () => T): Evaluated<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    if (error instanceof ExpressionError) return { ok: false, error };
    throw error;
  }
}

function replace(value: Template, scope: Scope, path: ExpressionProblem['path']): unknown {
  if (typeof value === 'string') return isTemplate(value) ? replaceText(value, scope, path) : value;
  if (Array.isArray(value)) return value.map((item, index) => replace(item, scope, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replace(item, scope, [...path, key])]));
}

function replaceText(value: string, scope: Scope, path: ExpressionProblem['path']): unknown {
  const template = parseTemplate(value);
  if (template.open !== undefined) throw new ExpressionError(place(NOT_CLOSED, '', path, template.open));
  const whole = wholeExpression(template);
  if (whole) return evaluate(whole.text, scope, path, whole.offset);
  return template.parts
    .map((part) => (part.kind === 'text' ? part.text : asText(evaluate(part.text, scope, path, part.offset))))
    .join('');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function evaluate(text: string, scope: Scope, path: ExpressionProblem['path'], offset: number): unknown {
  const result = evaluateCel(text, { ...scope });
  if (result.ok) return result.value;
  const [problem = NOT_CLOSED] = result.problems;
  throw new ExpressionError(place(problem, text, path, offset));
}

function templateType(cel: string): TemplateType {
  if (cel === 'string' || cel === 'timestamp') return 'string';
  if (cel === 'int' || cel === 'double' || cel === 'uint') return 'number';
  if (cel === 'bool') return 'boolean';
  if (cel === 'null') return 'null';
  if (cel.startsWith('list')) return 'list';
  return cel.startsWith('map') || cel.startsWith('$') ? 'map' : 'unknown';
}

function plainType(value: unknown): TemplateType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  const type = typeof value;
  if (type === 'string' || type === 'number' || type === 'boolean') return type;
  return type === 'object' ? 'map' : 'unknown';
}

function eachString(
  value: unknown,
  path: ExpressionProblem['path'],
  found: (text: string, path: ExpressionProblem['path']) => void,
): void {
  if (typeof value === 'string') found(value, path);
  else if (Array.isArray(value)) value.forEach((item, index) => eachString(item, [...path, index], found));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) eachString(item, [...path, key], found);
  }
}
