import type { Diagnostic, Span } from '../diagnostic.ts';
import { declaredInputs, typeOf } from './declared.ts';
import { checkTemplate, TYPE_WORDS } from './expressions.ts';
import { checkInput } from './inputs.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, withoutText } from './source.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

/** The `inputs` and `vars` of a runbook or an included file, beyond the schema. */
export function checkHead(document: YamlDocument, raw: Raw): Diagnostic[] {
  const inputs = entriesOf(raw['inputs']);
  return [
    ...inputs.flatMap(([name, spec]) => checkInputSpec(document, name, spec, raw['hops'] !== undefined)),
    ...checkVars(document, raw['vars'], declaredInputs(raw), []),
    ...checkWindow(document, raw['window'], declaredInputs(raw)),
  ];
}

/** Values of `vars` read inputs alone: those of a run are the same for all nodes. */
export function checkVars(
  document: YamlDocument,
  vars: unknown,
  inputs: ReturnType<typeof declaredInputs>,
  path: Path,
): Diagnostic[] {
  if (!isMap(vars)) return [];
  const { problems } = checkTemplate(vars, { inputs, node: false, cluster: false, hop: false, env: [] });
  return expressionDiagnostics(problems, document, [...path, 'vars']);
}

/** When a run may begin is known before anything is contacted: from inputs alone. */
function checkWindow(document: YamlDocument, window: unknown, inputs: ReturnType<typeof declaredInputs>): Diagnostic[] {
  if (!isMap(window)) return [];
  const { problems, types } = checkTemplate(window, { inputs, node: false, cluster: false, hop: false, env: [] });
  const mismatched = [...types].flatMap(([at, type]) => {
    const path: Path = ['window', ...readPath(at)];
    const wanted = path.at(-1) === 'days' ? 'list' : 'string';
    if (type === wanted || type === 'unknown') return [];
    const summary = `\`${String(path.at(-1))}\` must be a ${wanted === 'list' ? 'list' : 'text'}, the expression gives ${TYPE_WORDS[type]}`;
    return [problem('expression-type', summary, document.at(path))];
  });
  return [...expressionDiagnostics(problems, document, ['window']), ...mismatched];
}

function readPath(at: string): Path {
  const path: Path = JSON.parse(at);
  return path;
}

function checkInputSpec(document: YamlDocument, name: string, spec: unknown, hop: boolean): Diagnostic[] {
  const path = ['inputs', name];
  const found: Diagnostic[] = [];
  if (name === 'via' && hop) {
    const summary = '`via` is reserved by `hops`: --set via=... gives the patches in between';
    found.push(problem('reserved', summary, document.keyAt(path)));
  }
  const type = typeOf(spec);
  if (!isMap(spec) || !type) return found;
  const shown = (span: Span) => (type === 'secret' ? withoutText(span) : span);
  const allowed = itemsOf(spec['enum']).filter(isPlain);
  const one = { type, ...(allowed.length > 0 ? { enum: allowed } : {}) };
  (type === 'list' ? [] : allowed).forEach((value, index) => {
    const typed = checkInput({ type }, value);
    const span = shown(document.at([...path, 'enum', index]));
    if (!typed.ok) found.push(problem('invalid-value', `a value of \`enum\` ${typed.message}`, span));
  });
  const value = spec['default'];
  if (!isPlain(value) && typeof value !== 'boolean' && !Array.isArray(value)) return found;
  const typed = checkInput(one, value);
  const span = shown(document.at([...path, 'default']));
  if (!typed.ok) found.push(problem('invalid-value', `the default of \`${name}\` ${typed.message}`, span));
  return found;
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
