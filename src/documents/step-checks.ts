import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { checkCondition, checkTemplate } from './expressions.ts';
import { VARIABLE } from './fields.ts';
import type { Declared } from './names.ts';
import { suggest } from './nearest.ts';
import { checkFilled } from './filled-checks.ts';
import { checkForEach } from './for-each.ts';
import { checkScript, type Scripts } from './scripts.ts';
import { checkSecrets } from './secrets.ts';
import { entriesOf, isMap } from './shapes.ts';
import { problem } from './source.ts';
import { RUN_ONLY, USES_ONLY } from './step-schema.ts';
import { checkQuotes } from './result-quotes.ts';
import { checkReserved, type StepIds } from './step-ids.ts';
import { isTemplate } from './template.ts';
import { checkVariables } from './variables.ts';
import { checkWith, expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** A part of the document as written. */
export type Raw = Readonly<Record<string, unknown>>;

export interface Context {
  readonly document: YamlDocument;
  readonly actions: ReadonlyMap<string, Action>;
  /** What expressions of a step without `env` know. */
  readonly declared: Declared;
  /** Undefined: results of steps are not known. */
  readonly ids?: StepIds;
  /** The step is one of `always`. */
  readonly atEnd?: boolean;
  readonly scripts: Scripts;
}

/** Checks of one step beyond its schema. */
export function checkStep(context: Context, step: Raw, path: Path): Diagnostic[] {
  const { document } = context;
  const variables = entriesOf(step['env']).filter(([name]) => VARIABLE.test(name));
  const names = variables.map(([name]) => name);
  const place = step['forEach'] === undefined ? context.declared : { ...context.declared, each: true };
  const outer = context.ids ? { ...place, steps: context.ids.at(path) } : place;
  const declared = names.length > 0 ? { ...outer, env: names } : outer;
  const { steps: _results, ...plain } = declared;
  const template = (key: string, known: Declared) =>
    expressionDiagnostics(checkTemplate(step[key], known).problems, document, [...path, key]);
  return [
    ...checkForm(context, step, path),
    ...plainText(context, step, 'name', path),
    ...checkIf(document, step['if'], context.atEnd === true ? { ...declared, failed: true } : declared, path),
    ...checkForEach(document, step['forEach'], context.declared, path),
    ...template('run', declared),
    ...checkScript(context.scripts, document, step, path),
    ...template('args', declared),
    ...template('check', declared),
    ...(isMap(step['env']) ? template('env', outer) : []),
    ...checkReserved(document, step['env'], [...path, 'env']),
    ...checkQuotes(document, step, path),
    ...checkSize(document, step['env'], [...path, 'env']),
    ...checkSecrets(document, step, context.declared, path),
    ...checkUses(context, step, plain, path),
    ...checkRetryDelay(document, step, path),
  ];
}

function checkRetryDelay(document: YamlDocument, step: Raw, path: Path): Diagnostic[] {
  if (step['retryDelay'] === undefined || (step['retries'] !== undefined && step['retries'] !== 0)) return [];
  const detail = 'say how often a failed attempt is repeated, e.g. `retries: 3`';
  return [problem('step-form', '`retryDelay` without `retries`', document.keyAt([...path, 'retryDelay']), detail)];
}

/** As written; what an expression makes longer is found while planning. */
function checkSize(document: YamlDocument, env: unknown, path: Path): Diagnostic[] {
  const texts = entriesOf(env).filter(([, value]) => typeof value === 'string' && !isTemplate(value));
  return checkVariables(Object.fromEntries(texts)).map(({ name, message, detail }) =>
    problem('variable-size', message, document.keyAt([...path, name]), detail),
  );
}

/** A step is either an action or commands, and has the keys of its kind. */
function checkForm({ document }: Context, step: Raw, path: Path): Diagnostic[] {
  const forms = FORMS.filter((key) => step[key] !== undefined);
  const uses = forms.includes('uses');
  if (forms.length === 0) {
    const detail = 'it needs `uses` (an action) or `run` (commands)';
    return [problem('step-form', 'this step does nothing', document.at(path), detail)];
  }
  if (forms.length > 1) {
    const both = `this step has both ${forms.map((key) => `\`${key}\``).join(' and ')}`;
    return [problem('step-form', both, document.at(path), 'make several steps of it')];
  }
  const found = (uses ? RUN_ONLY : USES_ONLY)
    .filter((key) => step[key] !== undefined)
    .map((key) => {
      const summary = uses ? `\`${key}\` belongs to \`run\` steps` : `\`${key}\` belongs to \`uses\` steps`;
      return problem('step-form', summary, document.keyAt([...path, key]));
    });
  return [...found, ...(uses ? [] : checkLooking(document, step, path))];
}

/** What a step can be. */
const FORMS = ['uses', 'run', 'script'] as const;

/** What is asked of a change makes no sense for a step that only looks. */
function checkLooking(document: YamlDocument, step: Raw, path: Path): Diagnostic[] {
  if (step['changes'] !== false) return [];
  return (['check', 'effect'] as const).flatMap((key) => {
    if (step[key] === undefined) return [];
    const summary = `a step with \`changes: false\` has no \`${key}\`: it runs each time, and may be sent again`;
    return [problem('step-form', summary, document.keyAt([...path, key]))];
  });
}

function checkUses({ document, actions, scripts }: Context, step: Raw, declared: Declared, path: Path): Diagnostic[] {
  const { uses, with: settings } = step;
  const fine = settings === undefined || isMap(settings);
  const action = typeof uses === 'string' ? actions.get(uses) : undefined;
  if (action && !fine) return [];
  if (action)
    return [
      ...checkWith(document, path, settings, action, declared),
      ...checkFilled(scripts, document, path, settings, action, declared),
    ];
  const found = expressionDiagnostics(checkTemplate(settings, declared).problems, document, [...path, 'with']);
  if (typeof uses !== 'string' || uses === '') return found;
  const detail = suggest(uses, [...actions.keys()], 'actions');
  return [
    problem('unknown-action', `there is no action \`${uses}\``, document.at([...path, 'uses']), detail),
    ...found,
  ];
}

export function checkIf(document: YamlDocument, condition: unknown, declared: Declared, path: Path): Diagnostic[] {
  if (typeof condition !== 'string' || condition === '') return [];
  return expressionDiagnostics(checkCondition(condition, declared), document, [...path, 'if']);
}

/** A text that is shown as it is must not look like a template. */
export function plainText({ document }: Context, owner: Raw, key: string, path: Path): Diagnostic[] {
  const value = owner[key];
  if (typeof value !== 'string' || !isTemplate(value)) return [];
  const start = value.indexOf('${{');
  const span = document.inside([...path, key], start, start + 3);
  return [problem('template', `\`${key}\` is shown as written: \${{ }} has no effect here`, span)];
}
