import type { Diagnostic } from '../diagnostic.ts';
import { checkTemplate } from './expressions.ts';
import { HOOKS } from './hook-schema.ts';
import { hookUrlProblem, withSecret } from './hook-values.ts';
import type { Declared } from './names.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, withoutText } from './source.ts';
import { type Context, plainText, type Raw } from './step-checks.ts';
import { isTemplate } from './template.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path } from './yaml.ts';

/** What a runbook does once a run has ended (`onFailure`, `onStop`, `onSuccess`), beyond its schema. */
export function checkHooks(context: Context, raw: Raw): Diagnostic[] {
  const { vars: _vars, ...names } = context.declared;
  const declared = { ...names, node: false, cluster: false, hop: false };
  return Object.keys(HOOKS).flatMap((key) =>
    itemsOf(raw[key]).flatMap((hook, index) =>
      isMap(hook) ? checkHook({ ...context, declared }, hook, [key, index]) : [],
    ),
  );
}

function checkHook(context: Context, hook: Raw, path: Path): Diagnostic[] {
  const { document, declared } = context;
  const { run, notify } = hook;
  const found = plainText(context, hook, 'name', path);
  if ((run === undefined) === (notify === undefined)) {
    const summary = run === undefined ? 'this does nothing' : 'this has both `run` and `notify`';
    return [...found, problem('hook-form', summary, document.at(path), 'it has either `run` or `notify`')];
  }
  if (hook['on'] !== undefined && run === undefined)
    found.push(problem('hook-form', '`on` belongs to `run`', document.keyAt([...path, 'on'])));
  if (!isMap(notify))
    return [...found, ...expressionDiagnostics(checkTemplate(run, declared).problems, document, [...path, 'run'])];
  const at = [...path, 'notify'];
  const body = checkTemplate(notify['body'], { ...declared, run: true }).problems;
  return [
    ...found,
    ...checkText(context, notify['url'], [...at, 'url']),
    ...checkUrl(context, notify['url'], [...at, 'url']),
    ...entriesOf(notify['headers']).flatMap(([name, value]) => checkText(context, value, [...at, 'headers', name])),
    ...expressionDiagnostics(body, document, [...at, 'body']),
  ];
}

/** Secrets have their place here; every other expression is checked as anywhere. */
function checkText({ document, declared }: Context, text: unknown, path: Path): Diagnostic[] {
  if (typeof text !== 'string') return [];
  if (!withSecret(text, declared.inputs))
    return [problem('secret', 'at most one secret can be in it', withoutText(document.at(path)))];
  const plain: Declared = { ...declared, inputs: withoutSecrets(declared.inputs) };
  return expressionDiagnostics(checkTemplate(text, plain).problems, document, path);
}

/** As texts: what they hold is put in later. */
function withoutSecrets(inputs: Declared['inputs']): Declared['inputs'] {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, spec]) => [name, spec.type === 'secret' ? { type: 'string' } : spec]),
  );
}

/** As written; what expressions make of it is found while planning. */
function checkUrl({ document }: Context, url: unknown, path: Path): Diagnostic[] {
  if (typeof url !== 'string' || url === '' || isTemplate(url)) return [];
  const why = hookUrlProblem(url);
  return why === undefined ? [] : [problem('hook-url', `\`url\` ${why}`, withoutText(document.at(path)))];
}
