import { VARIABLE } from './fields.ts';
import type { InputSpec } from './model.ts';
import type { Declared } from './names.ts';
import { inputTypeSchema } from './runbook-schema.ts';
import { entriesOf, isMap } from './shapes.ts';
import { isTemplate, parseTemplate, wholeExpression } from './template.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The names that a document declares, as written: something may be wrong with it. */
export type DeclaredNames = Pick<Declared, 'inputs'> & Required<Pick<Declared, 'vars'>>;

export function declaredInputs(raw: Raw): Declared['inputs'] {
  const names = entriesOf(raw['inputs']).filter(([name]) => VARIABLE.test(name));
  return Object.fromEntries(
    names.map(([name, spec]) => {
      const type = typeOf(spec);
      return [name, type ? { type } : {}];
    }),
  );
}

export function typeOf(spec: unknown): InputSpec['type'] | undefined {
  return isMap(spec) ? inputTypeSchema.safeParse(spec['type']).data : undefined;
}

/** The CEL types of `vars`: that of an expression is known when it is evaluated. */
export function declaredVars(raw: Raw): DeclaredNames['vars'] {
  const names = entriesOf(raw['vars']).filter(([name]) => VARIABLE.test(name));
  return Object.fromEntries(names.map(([name, value]) => [name, celType(value)]));
}

function celType(value: unknown): string {
  if (typeof value === 'string') return isTemplate(value) && wholeExpression(parseTemplate(value)) ? 'dyn' : 'string';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? 'list<dyn>' : 'dyn';
}
