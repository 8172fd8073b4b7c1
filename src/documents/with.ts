import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { checkTemplate, type ExpressionProblem, type TemplateType, TYPE_WORDS } from './expressions.ts';
import { ONCE } from './fields.ts';
import { type Issue, issueDiagnostics } from './issues.ts';
import type { Declared } from './names.ts';
import { problem } from './source.ts';
import type { Path, YamlDocument } from './yaml.ts';

/**
 * Checks a step's `with` against its action's schema before any value of an expression is known: literals as written, a
 * `${{ }}` by the type that CEL infers for it.
 */
export function checkWith(
  document: YamlDocument,
  step: Path,
  raw: unknown,
  action: Action,
  declared: Declared,
): Diagnostic[] {
  const given = raw === undefined || raw === null ? {} : raw;
  const base = raw === undefined ? step : [...step, 'with'];
  const { problems, types } = checkTemplate(given, declared);
  const result = action.schema.safeParse(sampled(given, [], types), ONCE);
  const judged = {
    document,
    base,
    value: given,
    schema: action.schema,
    called: `\`with\` of ${action.name}`,
  };
  const issues = (result.success ? [] : result.error.issues).filter((issue) => known(issue, types));
  return [
    ...expressionDiagnostics(problems, document, base),
    ...issues.flatMap((issue) => mismatch(issue, types, document, base) ?? issueDiagnostics([issue], judged)),
  ];
}

export function expressionDiagnostics(
  problems: readonly ExpressionProblem[],
  document: YamlDocument,
  base: Path,
): Diagnostic[] {
  return problems.map(({ code, message, detail, path, start, end }) =>
    problem(code, message, document.inside([...base, ...path], start, end), detail),
  );
}

type Types = ReadonlyMap<string, TemplateType>;

const SAMPLES: Readonly<Record<TemplateType, unknown>> = {
  string: '',
  number: 1,
  boolean: true,
  list: [],
  map: {},
  null: null,
  unknown: '',
};

function sampled(value: unknown, path: Path, types: Types): unknown {
  if (typeof value === 'string') {
    const type = types.get(JSON.stringify(path));
    return type === undefined ? value : SAMPLES[type];
  }
  if (Array.isArray(value)) return value.map((item, index) => sampled(item, [...path, index], types));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sampled(item, [...path, key], types)]));
}

/** Whether an issue holds for every possible value of the expressions. */
function known(issue: Issue, types: Types): boolean {
  for (const [at, type] of types) {
    const template: Path = JSON.parse(at);
    const inside = template.every((part, index) => issue.path[index] === part);
    if (inside) return issue.path.length === template.length && type !== 'unknown' && isTypeIssue(issue);
    const above = issue.path.every((part, index) => template[index] === part);
    if (above && (issue.code === 'custom' || issue.code === 'invalid_union')) return false;
  }
  return true;
}

function isTypeIssue(issue: Issue): boolean {
  if (issue.code === 'invalid_type') return true;
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return false;
  return issue.errors.every((errors) => errors.some((error) => error.path.length === 0 && isTypeIssue(error)));
}

function mismatch(issue: Issue, types: Types, document: YamlDocument, base: Path): Diagnostic[] | undefined {
  const type = types.get(JSON.stringify(issue.path));
  if (type === undefined) return undefined;
  const key = issue.path.findLast((part) => typeof part === 'string') ?? 'with';
  const wanted = expected(issue);
  const summary = `\`${key}\` ${wanted ? `must be ${wanted}` : 'has the wrong type'}, the expression gives ${TYPE_WORDS[type]}`;
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  return [problem('expression-type', summary, document.at([...base, ...path]))];
}

function expected(issue: Issue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  const words: Readonly<Record<string, string>> = {
    int: 'a number',
    array: 'a list',
    object: 'a map',
    record: 'a map',
  };
  return words[issue.expected] ?? `a ${issue.expected}`;
}
