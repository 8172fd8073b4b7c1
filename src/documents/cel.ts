import { Environment, EvaluationError, ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { messageOf } from '../failure.ts';
import { TimeLimit, within } from './bounded.ts';
import { plainValue } from './cel-value.ts';
import { suggest } from './nearest.ts';
import type { Names } from './names.ts';

/** What is wrong with an expression, by offsets in its own text. */
export interface CelProblem {
  readonly code: 'expression-syntax' | 'unknown-name' | 'expression-type' | 'expression-value' | 'secret';
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

/** Of an expression, so that its tree can be walked. */
const LIMITS = { maxAstNodes: 2000, maxDepth: 50, maxListElements: 1000, maxMapEntries: 1000 };
const SECONDS = 1;

const SIMPLER =
  'make its regular expression simpler, or its lists shorter where all(), map() ... are inside each other';
const SHORTER = 'work it out in a script, or pass the list as an input or a variable of the inventory';

/** Calls whose time or result can grow with more than the length of the expression. */
const LOOPS = /\b(?:all|exists|exists_one|map|filter|bind|matches|split|join)\b/;

/** CEL keeps int and double apart; an input of type number should not make people write `3.0`. */
function newEnvironment(): Environment {
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS });
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
export function typedEnvironment(names: Readonly<Record<string, string | Names>>): Environment {
  const environment = common.clone();
  for (const [name, schema] of Object.entries(names)) {
    if (typeof schema === 'string') environment.registerVariable(name, schema);
    else environment.registerVariable({ name, schema: { ...schema } });
  }
  return environment;
}

/**
 * `status`, `body` and `json` are what a gate was answered, `run` is how a run has ended; `name`, `site` and `labels` are
 * of a cluster of a fleet.
 */
const NAMES = 'inputs env node cluster hop vars each steps nodes run status body json name site labels';
const dynamic = NAMES.split(' ').reduce(
  (environment, name) => environment.registerVariable(name, 'dyn'),
  common.clone(),
);

/**
 * The CEL type of an expression, or every misspelt name in it, or the finding of CEL's own checker, or why an
 * expression without names has no value. Never throws.
 */
export function checkCel(
  text: string,
  names: Readonly<Record<string, string | Names>>,
  environment: Environment,
): CelResult<string> {
  if (text === '') return failed({ code: 'expression-syntax', message: 'the expression is empty', start: 0, end: 0 });
  try {
    const { ast } = environment.parse(text);
    const unknown = unknownNames(ast, names);
    if (unknown.length > 0) return { ok: false, problems: unknown };
    const result = environment.check(text);
    if (!result.valid) return failed(celProblem(result.error, Object.keys(names)));
    const value = readsNames(ast, names) ? undefined : evaluateCel(text, {});
    return value?.ok === false ? value : { ok: true, value: String(result.type) };
  } catch (error) {
    return failed(celProblem(error, Object.keys(names)));
  }
}

/** The expression's value as plain data, within the limits of time and size. Never throws. */
export function evaluateCel(text: string, scope: Readonly<Record<string, unknown>>): CelResult<unknown> {
  const evaluate = () => plainValue(dynamic.evaluate(text, scope));
  try {
    return { ok: true, value: LOOPS.test(text) ? within(SECONDS, evaluate) : evaluate() };
  } catch (error) {
    if (error instanceof TimeLimit) {
      const message = `the expression has no value yet after ${SECONDS} s`;
      return failed({ code: 'expression-value', message, detail: SIMPLER, start: 0, end: text.length });
    }
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

/** Steps of nodes (`nodes['w1'].steps.ID.outputs.key`) that an expression reads. Empty where it does not parse. */
export function nodeStepsIn(text: string): readonly NodeStep[] {
  try {
    return nodeSteps(dynamic.parse(text).ast);
  } catch {
    return [];
  }
}

export interface NodeStep {
  /** Empty: only the run knows which. */
  readonly node: string;
  /** Undefined: any of its steps. */
  readonly id?: string;
  readonly outcomeOnly: boolean;
  readonly start: number;
  readonly end: number;
}

/** Each use of `nodes`, as far as its members are written out. */
function nodeSteps(node: ASTNode, members: readonly Link[] = []): NodeStep[] {
  if (node.op === 'id') {
    if (node.args !== 'nodes') return [];
    const [of, , id, field] = members;
    const { start, end } = id ?? node;
    const outcomeOnly = field?.name === 'outcome';
    return [{ node: of?.name ?? '', ...(id && { id: id.name }), outcomeOnly, start, end }];
  }
  if (node.op === '.') {
    const [owner, name] = node.args;
    return nodeSteps(owner, [{ name, start: node.end - name.length, end: node.end }, ...members]);
  }
  if (node.op === '[]') {
    const [owner, index] = node.args;
    const name = index.op === 'value' && typeof index.args === 'string' ? index.args : '';
    return [...nodeSteps(owner, [{ name, start: index.start, end: index.end }, ...members]), ...nodeSteps(index)];
  }
  return nodesIn(node.args).flatMap((child) => nodeSteps(child));
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

/** Whether an expression's value depends on where it is used. */
function readsNames(ast: ASTNode, names: Readonly<Record<string, string | Names>>): boolean {
  let reads = false;
  eachChain(ast, ([root]) => (reads ||= root !== undefined && Object.hasOwn(names, root.name)));
  return reads;
}

/** Names that follow a declared one and are not among its fields, also inside `has()`, where CEL itself is lenient. */
function unknownNames(ast: ASTNode, names: Readonly<Record<string, string | Names>>): CelProblem[] {
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
  if (owner === 'inputs') return 'no inputs are declared here';
  return owner === 'env' ? "`env` holds the step's own env keys, and this step has none" : `\`${owner}\` is empty`;
}

function celProblem(error: unknown, known: readonly string[], text?: string): CelProblem {
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) {
    const code = text === undefined ? 'expression-syntax' : 'expression-value';
    return { code, message: messageOf(error), start: 0, end: 0 };
  }
  const { start = 0, end = 0 } = error.range ?? {};
  if (error.code === 'limit_exceeded') {
    const limit = /maxAstNodes|maxDepth|maxListElements|maxMapEntries/.exec(error.summary)?.[0] ?? '';
    const message = LIMIT_WORDS[limit] ?? lower(error.summary);
    return { code: 'expression-syntax', message, detail: SHORTER, start, end };
  }
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
  if (error.summary === 'has() invalid argument') {
    const message = '`has()` takes names joined by dots alone, such as steps.ask.outputs.key';
    return { code: 'expression-type', message, detail: IN_PLACE_OF_HAS, start, end };
  }
  if (error instanceof ParseError) return { code: 'expression-syntax', message: lower(error.summary), start, end };
  if (error instanceof CelTypeError) return { code: 'expression-type', message: lower(error.summary), start, end };
  const question = text?.includes('[') === true ? "'KEY' in MAP" : 'has(...)';
  const isMissing = error.code === 'no_such_key' && text !== undefined;
  const detail = isMissing ? `ask \`${question}\` first where it may be missing` : '';
  return { code: 'expression-value', message: lower(error.summary), ...(detail ? { detail } : {}), start, end };
}

const IN_PLACE_OF_HAS = "with a part in [ ], ask for the key: 'key' in nodes['w1'].steps.ask.outputs";

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Limits of the parser's. */
const LIMIT_WORDS: Readonly<Record<string, string>> = {
  maxAstNodes: `the expression is too long: it may have ${LIMITS.maxAstNodes} parts`,
  maxDepth: `the expression is nested too deeply: it may have ${LIMITS.maxDepth} levels`,
  maxListElements: `a list in an expression may have ${LIMITS.maxListElements} elements`,
  maxMapEntries: `a map in an expression may have ${LIMITS.maxMapEntries} entries`,
};
