import type { Diagnostic } from '../diagnostic.ts';
import { checkTemplate, type Evaluated, evaluateTemplate, ExpressionError, TYPE_WORDS } from './expressions.ts';
import type { Each, Scope, Step } from './model.ts';
import type { Declared } from './names.ts';
import { problem } from './source.ts';
import { isTemplate, parseTemplate, wholeExpression } from './template.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

/** A list, whose entries may hold expressions, or one expression that gives a list. */
export function checkForEach(document: YamlDocument, forEach: unknown, declared: Declared, path: Path): Diagnostic[] {
  if (forEach === undefined || forEach === null || forEach === '') return [];
  const at = [...path, 'forEach'];
  const { problems, types } = checkTemplate(forEach, declared);
  const found = expressionDiagnostics(problems, document, at);
  if (found.length > 0 || typeof forEach !== 'string') return found;
  const detail = 'e.g. ["a", "b"], or "${{ inputs.names }}" of an input of type list';
  if (!isTemplate(forEach) || !wholeExpression(parseTemplate(forEach))) {
    return [
      problem('expression-type', '`forEach` must be a list, or one expression that gives one', document.at(at), detail),
    ];
  }
  const type = types.get('[]') ?? 'unknown';
  if (type === 'list' || type === 'unknown') return [];
  const summary = `\`forEach\` must be a list, the expression gives ${TYPE_WORDS[type]}`;
  return [problem('expression-type', summary, document.at(at), detail)];
}

/** The items that a step is planned for; one undefined one where it has no `forEach`. */
export function itemsFor({ forEach }: Pick<Step, 'forEach'>, scope: Scope): Evaluated<readonly (Each | undefined)[]> {
  if (forEach === undefined) return { ok: true, value: [undefined] };
  const list = evaluateTemplate(forEach, scope);
  if (!list.ok) return list;
  if (Array.isArray(list.value))
    return { ok: true, value: list.value.map((value: unknown, index) => ({ value, index })) };
  const expression = String(forEach);
  return { ok: false, error: new ExpressionError({ ...NO_LIST, expression }) };
}

const NO_LIST = { code: 'expression-value', message: 'forEach needs a list', path: [], start: 0, end: 0 } as const;

/** An item as people tell it from the others. */
export function itemText({ value, index }: Each): string {
  if (typeof value === 'object' && value !== null) {
    const name: unknown = Reflect.get(value, 'name');
    return typeof name === 'string' ? name : String(index + 1);
  }
  return String(value);
}
