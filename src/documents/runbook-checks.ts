import type { Action } from '../actions/action.ts';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { checkAlways } from './always-checks.ts';
import { checkTemplate } from './expressions.ts';
import { VARIABLE } from './fields.ts';
import { checkGate } from './gate-checks.ts';
import { checkHooks } from './hook-checks.ts';
import { checkInput } from './inputs.ts';
import type { InputSpec, Inventory, Runbook } from './model.ts';
import type { Declared } from './names.ts';
import { inputTypeSchema } from './runbook-schema.ts';
import { checkPatterns, selectNodes } from './selectors.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, warning, withoutText } from './source.ts';
import { StepIds } from './step-ids.ts';
import { checkIf, checkStep, type Context, plainText, type Raw } from './step-checks.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

/**
 * Checks beyond the schema, which reports parts of the wrong shape. Works on the document as written, so that a wrong
 * key in one place hides nothing elsewhere.
 */
export function checkRunbook(document: YamlDocument, raw: Raw, actions: ReadonlyMap<string, Action>): Diagnostic[] {
  const declared = { inputs: declaredInputs(raw), node: true, cluster: true, hop: raw['hops'] !== undefined, env: [] };
  const ids = new StepIds(raw);
  const context = { document, actions, declared, ids };
  return [
    ...entriesOf(raw['inputs']).flatMap(([name, spec]) => checkInputSpec(context, name, spec)),
    ...checkHops(context, raw['hops']),
    ...ids.problems(document),
    ...checkHooks(context, raw),
    ...itemsOf(raw['phases']).flatMap((phase, index) =>
      isMap(phase) ? checkPhase(context, phase, ['phases', index]) : [],
    ),
  ];
}

/** The node patterns of every phase against the inventory. */
export function checkSelection(runbook: Runbook, inventory: Pick<Inventory, 'nodes' | 'groups'>): Diagnostic[] {
  const found = runbook.phases.flatMap((phase) =>
    selectNodes(phase.nodes, inventory).problems.map(({ index, message, detail }) =>
      problem('node-pattern', `${message} (phase ${phase.name})`, phase.nodesSpans?.[index] ?? phase.span, detail),
    ),
  );
  const lacking = inventory.nodes.every(({ role }) => role === 'other')
    ? runbook.phases.find(({ nodes }) => nodes.some((pattern) => ROLE_PATTERN.test(pattern)))
    : undefined;
  if (!lacking) return found;
  const summary = `no node has a role, so phase ${lacking.name} has none; each counts as \`other\``;
  const detail = 'give the nodes of the cluster `role: control-plane` or `role: worker` in the inventory';
  return [...found, warning('no-role', summary, lacking.nodesSpans?.[0] ?? lacking.span, detail)];
}

const ROLE_PATTERN = /^(?:control-planes?|workers?)(?:$|[[,\s])/;

function declaredInputs(raw: Raw): Declared['inputs'] {
  const names = entriesOf(raw['inputs']).filter(([name]) => VARIABLE.test(name));
  return Object.fromEntries(
    names.map(([name, spec]) => {
      const type = typeOf(spec);
      return [name, type ? { type } : {}];
    }),
  );
}

function typeOf(spec: unknown): InputSpec['type'] | undefined {
  return isMap(spec) ? inputTypeSchema.safeParse(spec['type']).data : undefined;
}

function checkInputSpec({ document, declared }: Context, name: string, spec: unknown): Diagnostic[] {
  const path = ['inputs', name];
  const found: Diagnostic[] = [];
  if (name === 'via' && declared.hop) {
    const summary = '`via` is reserved by `hops`: --set via=... gives the patches in between';
    found.push(problem('reserved', summary, document.keyAt(path)));
  }
  const type = typeOf(spec);
  if (!isMap(spec) || !type) return found;
  const shown = (span: Span) => (type === 'secret' ? withoutText(span) : span);
  const allowed = itemsOf(spec['enum']).filter(isPlain);
  const one = { type, ...(allowed.length > 0 ? { enum: allowed } : {}) };
  allowed.forEach((value, index) => {
    const typed = checkInput({ type }, value);
    const span = shown(document.at([...path, 'enum', index]));
    if (!typed.ok) found.push(problem('invalid-value', `a value of \`enum\` ${typed.message}`, span));
  });
  const value = spec['default'];
  if (!isPlain(value) && typeof value !== 'boolean') return found;
  const typed = checkInput(one, value);
  const span = shown(document.at([...path, 'default']));
  if (!typed.ok) found.push(problem('invalid-value', `the default of \`${name}\` ${typed.message}`, span));
  return found;
}

function isPlain(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function checkHops({ document, declared }: Context, hops: unknown): Diagnostic[] {
  const to = isMap(hops) ? hops['to'] : undefined;
  if (typeof to !== 'string') return [];
  const { problems, types } = checkTemplate(to, { ...declared, node: false, cluster: false, hop: false });
  const type = types.get('[]') ?? 'string';
  const path = ['hops', 'to'];
  if (type === 'string' || type === 'unknown') return expressionDiagnostics(problems, document, path);
  return [problem('expression-type', '`to` must be a version, the expression gives something else', document.at(path))];
}

function checkPhase(context: Context, phase: Raw, path: Path): Diagnostic[] {
  const { document, declared } = context;
  const steps = itemsOf(phase['steps']);
  return [
    ...plainText(context, phase, 'name', path),
    ...checkNodes(context, phase['nodes'], [...path, 'nodes']),
    ...checkIf(document, phase['if'], { ...declared, node: false }, path),
    ...checkGate(document, phase['gate'], declared, path),
    ...steps.flatMap((step, index) => (isMap(step) ? checkStep(context, step, [...path, 'steps', index]) : [])),
    ...checkAlways(context, phase, path),
  ];
}

function checkNodes({ document }: Context, nodes: unknown, path: Path): Diagnostic[] {
  const entries: (readonly [unknown, Path])[] = Array.isArray(nodes)
    ? nodes.map((entry: unknown, index) => [entry, [...path, index]])
    : [[nodes, path]];
  return entries.flatMap(([entry, at]) => {
    if (typeof entry !== 'string' || entry === '') return [];
    const detail = 'e.g. all, control-plane[0], workers, worker-1, !worker-2';
    return checkPatterns(entry).map(({ message, start, end }) =>
      problem('node-pattern', message, document.inside(at, start, end), detail),
    );
  });
}
