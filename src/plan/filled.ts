import type { Action, Filled } from '../actions/action.ts';
import { sha256 } from '../digest.ts';
import { evaluateText, type ExpressionError } from '../documents/expressions.ts';
import { readsInText } from '../documents/results.ts';
import { parseTemplate } from '../documents/template.ts';
import type { FactId, Facts, FileFact } from '../facts/facts.ts';
import type { DraftedStep } from './bind.ts';
import { scopeOf } from './step-scope.ts';

/** The local file whose `${{ }}` a step fills for its node. */
export function templateOf({ fills }: Action, options: Readonly<Record<string, unknown>>): string | undefined {
  const source = fills && options[fills.when] === true ? options[fills.source] : undefined;
  return typeof source === 'string' ? source : undefined;
}

/** What names in a template may stand for; what its file names is known only when it is read. */
export function factsOfTemplates(hasKubernetes: boolean): readonly FactId[] {
  return ['os', 'machine', 'binaries', ...(hasKubernetes ? (['nodes', 'kubeadmConfig'] as const) : [])];
}

/** The text that a step sends; once it is planned, by the digest that was. Undefined: it fills none, or is not read. */
export function filledFor(step: DraftedStep, facts: Facts): Filled | undefined {
  const path = templateOf(step.action, step.draft.with);
  const source = path === undefined ? undefined : facts.files?.local[path];
  if (path === undefined || !source || (source.error === undefined && source.size === undefined)) return undefined;
  const planned = step.filled === undefined ? {} : { sha256: step.filled };
  if (source.sha256 === undefined) return { error: `${path} cannot be read: ${source.error ?? 'unknown'}`, ...planned };
  const made = fill(path, source, step, facts);
  if ('error' in made) return { ...made, ...planned };
  if (step.filled === undefined || made.sha256 === step.filled) return made;
  const error = `${path}, filled for ${step.node.name}, is not what was planned: the file, or what its expressions read, has changed since`;
  return { error, ...planned };
}

function fill(path: string, { text, sha256: digest }: FileFact, step: DraftedStep, facts: Facts) {
  if (text === undefined) return { error: `${path} is too large: a template has at most 256 KiB` };
  if (sha256(Buffer.from(text)) !== digest || text.includes('\0'))
    return { error: `${path} is not a text: template: true fills texts alone` };
  if (parseTemplate(text).open === undefined && readsInText(text).length > 0)
    return { error: `${path} reads results of steps, which planning does not know: a run: step gets them by env` };
  const result = evaluateText(
    text,
    scopeOf(step, facts, () => undefined),
  );
  if (!result.ok) return { error: `${path}:${placeIn(text, result.error)}: ${result.error.message}` };
  return { text: result.value, sha256: sha256(Buffer.from(result.value)) };
}

function placeIn(text: string, { problem }: ExpressionError): string {
  const lines = text.slice(0, problem.start).split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}
