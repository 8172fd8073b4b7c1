import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { messageOf } from '../failure.ts';
import { suggest } from './nearest.ts';
import type { Names } from './names.ts';

/** What is wrong with an expression, by offsets in its own text. */
export interface CelProblem {
  readonly code: 'expression-syntax' | 'unknown-name' | 'expression-type' | 'expression-value';
  readonly message: string;
  readonly detail?: string;
  readonly start: number;
  readonly end: number;
}
export type CelResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly CelProblem[] };

const arithmetic: readonly (readonly [string, (a: number, b: number) => number])[] = [
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['%', (a, b) => a % b],
];

/** CEL keeps int and double apart; an input of type number should not make people write `3.0`. */
function newEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false });
  for (const [operator, apply] of arithmetic) {
    const handler = (a: number | bigint, b: number | bigint) => apply(Number(a), Number(b));
    environment.registerOperator(`double ${operator} int: double`, handler);
    environment.registerOperator(`int ${operator} double: double`, handler);
  }
  environment.registerOperator('double == int: bool', (a: number, b: bigint) => a === Number(b));
  return environment;
}

const common = newEnvironment();

/** An environment that knows exactly these names. */
export function typedEnvironment(names: Readonly<Record<string, Names>>): Environment {
  const environment = common.clone();
  for (const [name, schema] of Object.entries(names)) environment.registerVariable({ name, schema: { ...schema } });
  return environment;
}

const dynamic = ['inputs', 'env', 'node', 'cluster', 'hop'].reduce(
  (environment, name) => environment.registerVariable(name, 'dyn'),
  common.clone(),
);

/** The CEL type of an expression, or every misspelt name in it, or the finding of CEL's own checker. Never throws. */
export function checkCel(
  text: string,
  names: Readonly<Record<string, Names>>,
  environment: Environment,
): CelResult<string> {
  if (text === '') return failed({ code: 'expression-syntax', message: 'the expression is empty', start: 0, end: 0 });
  try {
    const unknown = unknownNames(environment.parse(text).ast, names);
    if (unknown.length > 0) return { ok: false, problems: unknown };
    const result = environment.check(text);
    if (result.valid) return { ok: true, value: String(result.type) };
    return failed(celProblem(result.error, Object.keys(names)));
  } catch (error) {
    return failed(celProblem(error, Object.keys(names)));
  }
}

/** The expression's value as plain data. Never throws. */
export function evaluateCel(text: string, scope: Readonly<Record<string, unknown>>): CelResult<unknown> {
  try {
    return { ok: true, value: toPlain(dynamic.evaluate(text, scope)) };
  } catch (error) {
    return failed(celProblem(error, Object.keys(scope), text));
  }
}

/** Dotted names (`node.facts.os.id`) that an expression reads. Empty where it does not parse. */
export function namesIn(text: string): readonly (readonly string[])[] {
  try {
    const found: string[][] = [];
    eachChain(dynamic.parse(text).ast, (chain) => found.push(chain.map((link) => link.name)));
    return found;
  } catch {
    return [];
  }
}

function failed(problem: CelProblem): { ok: false; problems: readonly CelProblem[] } {
  return { ok: false, problems: [problem] };
}

interface Link {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Calls back with each longest chain of names from a variable on: `a.b["c"]`. */
function eachChain(node: ASTNode, found: (chain: readonly Link[]) => void): void {
  const chain = chainOf(node);
  if (chain) return found(chain);
  for (const child of nodesIn(node.args)) eachChain(child, found);
}

function chainOf(node: ASTNode): Link[] | undefined {
  if (node.op === 'id') return [{ name: node.args, start: node.start, end: node.end }];
  if (node.op === '.') {
    const [owner, name] = node.args;
    return chainOf(owner)?.concat({ name, start: node.end - name.length, end: node.end });
  }
  if (node.op === '[]') {
    const [owner, index] = node.args;
    if (index.op !== 'value' || typeof index.args !== 'string') return undefined;
    return chainOf(owner)?.concat({ name: index.args, start: index.start, end: index.end });
  }
  return undefined;
}

function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  return isNode(value) ? [value] : [];
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'start' in value;
}

/** Names that follow a declared one and are not among its fields, also inside `has()`, where CEL itself is lenient. */
function unknownNames(ast: ASTNode, names: Readonly<Record<string, Names>>): CelProblem[] {
  const problems: CelProblem[] = [];
  eachChain(ast, ([root, ...fields]) => {
    let known: string | Names | undefined = root && Object.hasOwn(names, root.name) ? names[root.name] : undefined;
    let owner = root?.name ?? '';
    for (const field of fields) {
      if (known === undefined || typeof known === 'string') return;
      if (!Object.hasOwn(known, field.name)) {
        problems.push(unknownName(field, owner, Object.keys(known)));
        return;
      }
      known = known[field.name];
      owner += `.${field.name}`;
    }
  });
  return problems;
}

function unknownName({ name, start, end }: Link, owner: string, known: readonly string[]): CelProblem {
  const detail = suggest(name, known, `\`${owner}\` has`) ?? emptyOwner(owner);
  return { code: 'unknown-name', message: `\`${owner}\` has no \`${name}\``, detail, start, end };
}

function emptyOwner(owner: string): string {
  if (owner === 'inputs') return 'the runbook declares no inputs';
  return owner === 'env' ? "`env` holds the step's own env keys, and this step has none" : `\`${owner}\` is empty`;
}

function celProblem(error: unknown, known: readonly string[], text?: string): CelProblem {
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) {
    const code = text === undefined ? 'expression-syntax' : 'expression-value';
    return { code, message: messageOf(error), start: 0, end: 0 };
  }
  const { start = 0, end = 0 } = error.range ?? {};
  if (error.code === 'unknown_variable') {
    const name = /: (.*)$/.exec(error.summary)?.[1] ?? '';
    const detail = suggest(name, known, 'known here');
    return {
      code: 'unknown-name',
      message: `\`${name}\` is not known here`,
      ...(detail ? { detail } : {}),
      start,
      end,
    };
  }
  if (error instanceof ParseError) return { code: 'expression-syntax', message: lower(error.summary), start, end };
  if (error instanceof CelTypeError) return { code: 'expression-type', message: lower(error.summary), start, end };
  const detail =
    error.code === 'no_such_key' && text !== undefined ? 'ask `has(...)` first where it may be missing' : '';
  return { code: 'expression-value', message: lower(error.summary), ...(detail ? { detail } : {}), start, end };
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** CEL's values as JSON has them. @throws where JSON has no such value */
function toPlain(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'bigint': {
      const number = Number(value);
      if (Number.isSafeInteger(number)) return number;
      throw new RangeError(`the number ${value} is too large`);
    }
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new RangeError(`the result is ${value}, not a number`);
    case 'string':
    case 'boolean':
      return value;
    default:
  }
  if (Array.isArray(value)) return value.map(toPlain);
  if (value instanceof Map) return plainObject([...value].map(([key, item]) => [String(key), item]));
  if (value instanceof Date) return value.toISOString();
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (typeof value === 'object' && (prototype === Object.prototype || prototype === null)) {
    return plainObject(Object.entries(value));
  }
  throw new TypeError('the result is not a string, number, boolean, list or map');
}

function plainObject(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item)]));
}
