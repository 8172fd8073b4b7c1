import type { Span } from '../diagnostic.ts';
import { type Evaluated, evaluateCondition, evaluateTemplate, ExpressionError } from './expressions.ts';
import { checkInput } from './inputs.ts';
import type { InputSpec, Scope, Template } from './model.ts';
import { secretInput } from './secrets.ts';

/** What `inputs` and `vars` stand for at a place of a runbook, where they are not the runbook's own inputs alone. */
export interface Frame {
  /** The values of `vars`, the nearest of each name; they may read `inputs`. */
  readonly vars: Readonly<Record<string, Template>>;
  /** The place is in an included file. */
  readonly included?: Included;
}

export interface Included {
  readonly file: string;
  /** Where it is included. */
  readonly span: Span;
  /** What it declares. */
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** What it was given there, in the names of that place. */
  readonly given: Readonly<Record<string, Template>>;
  readonly if?: string;
  readonly outer?: Frame;
}

/** The names of a place from those of the whole runbook. */
export function scopeIn(frame: Frame | undefined, scope: Scope): Evaluated<Scope> {
  if (!frame) return { ok: true, value: scope };
  const inputs = frame.included ? inputsIn(frame.included, scope) : { ok: true as const, value: scope.inputs };
  if (!inputs.ok) return inputs;
  const own = { ...scope, inputs: inputs.value };
  const vars = evaluateTemplate(frame.vars, own);
  if (!vars.ok) return vars;
  return { ok: true, value: { ...own, vars: { ...(vars.value as Record<string, unknown>) } } };
}

/** Whether the conditions of all includes around a place hold, the outermost one first. */
export function isIncluded(frame: Frame | undefined, scope: Scope): Evaluated<boolean> {
  const included = frame?.included;
  if (!included) return { ok: true, value: true };
  const outer = isIncluded(included.outer, scope);
  if (!outer.ok || !outer.value || included.if === undefined) return outer;
  const names = scopeIn(included.outer, scope);
  return names.ok ? evaluateCondition(included.if, names.value) : names;
}

function inputsIn({ file, inputs, given, outer }: Included, scope: Scope): Evaluated<Record<string, unknown>> {
  const names = scopeIn(outer, scope);
  if (!names.ok) return names;
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(inputs)) {
    // Its steps name the runbook's own input in its place.
    if (spec.type === 'secret') continue;
    const value = Object.hasOwn(given, name)
      ? evaluateTemplate(given[name], names.value)
      : { ok: true as const, value: spec.default };
    if (!value.ok) return value;
    const typed = checkInput(spec, value.value);
    if (!typed.ok) return { ok: false, error: wrongInput(name, file, typed.message, given[name]) };
    values[name] = typed.value;
  }
  return { ok: true, value: values };
}

function wrongInput(name: string, file: string, message: string, given: Template): ExpressionError {
  return new ExpressionError({
    code: 'expression-value',
    message: `the input \`${name}\` of ${file} ${message}`,
    expression: typeof given === 'string' ? given.replaceAll(/^\s*\$\{\{\s*|\s*\}\}\s*$/g, '') : JSON.stringify(given),
    path: [],
    start: 0,
    end: 0,
  });
}

/** The runbook's own input that a secret of an included file stands for. */
export function rootSecret(frame: Frame | undefined, name: string): string | undefined {
  const included = frame?.included;
  if (!included) return name;
  const given = included.given[name];
  const outer = typeof given === 'string' ? secretInput(given) : undefined;
  return outer === undefined ? undefined : rootSecret(included.outer, outer);
}

/** A text in which secrets of an included file are named, with the runbook's own in their places. */
export function withRootSecrets(frame: Frame | undefined, text: string): string {
  return text.replaceAll(
    /\$\{\{\s*inputs\.([A-Za-z_]\w*)\s*\}\}/g,
    (_, name: string) => `\${{ inputs.${rootSecret(frame, name) ?? name} }}`,
  );
}

/** Everything that a place's names are made of, for finding out what that reads. */
export function templatesIn(frame: Frame | undefined): readonly Template[] {
  if (!frame) return [];
  const { included } = frame;
  return [frame.vars, ...(included ? [included.given, ...templatesIn(included.outer)] : [])];
}

/** The conditions of the includes around a place. */
export function conditionsIn(frame: Frame | undefined): readonly string[] {
  const included = frame?.included;
  return included ? [...(included.if === undefined ? [] : [included.if]), ...conditionsIn(included.outer)] : [];
}
