import { namesIn, nodeStepsIn } from './cel.ts';
import { parseTemplate } from './template.ts';

/** One reading of the result of a step in an expression. */
export interface ResultRead {
  /** Undefined: of the same node. An empty text: of a node that only the run knows. */
  readonly node?: string;
  /** Undefined: of any step. */
  readonly id?: string;
  /** Its outcome alone, which planning predicts. */
  readonly outcomeOnly: boolean;
}

/** What an expression reads of the results of steps. */
export function readsOf(expression: string): readonly ResultRead[] {
  if (!/\b(?:steps|nodes)\b/.test(expression)) return [];
  const own = namesIn(expression)
    .filter(([root]) => root === 'steps')
    .map(([, id, field]) => ({ ...(id !== undefined && { id }), outcomeOnly: field === 'outcome' }));
  return [...own, ...nodeStepsIn(expression)];
}

/** {@link readsOf} of every `${{ }}` of a text. */
export function readsInText(text: string): readonly ResultRead[] {
  return expressionsIn(text).flatMap(readsOf);
}

/** The variables of `env` that an expression reads; undefined: any of them. */
export function envNamesIn(expression: string): readonly string[] | undefined {
  const names = namesIn(expression).filter(([root]) => root === 'env');
  return names.some(([, name]) => name === undefined) ? undefined : names.map(([, name]) => name ?? '');
}

export function expressionsIn(text: string): string[] {
  return parseTemplate(text).parts.flatMap((part) => (part.kind === 'expression' ? [part.text] : []));
}

/** The variables of `env` that are known only in the run: their values read results of steps. */
export function deferredVariables(env: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const deferred = Object.entries(env).filter(
    ([, value]) => typeof value === 'string' && readsInText(value).length > 0,
  );
  return new Set(deferred.map(([name]) => name));
}

/** Whether the value of an expression waits for the results of steps, by itself or by a variable. */
export function waitsForResults(expression: string, variables: ReadonlySet<string>): boolean {
  if (readsOf(expression).length > 0) return true;
  if (variables.size === 0) return false;
  return envNamesIn(expression)?.some((name) => variables.has(name)) ?? true;
}
