import type { Action } from '../actions/action.ts';
import type { Diagnostic, Span } from '../diagnostic.ts';
import { checkCondition, checkTemplate } from './expressions.ts';
import { VARIABLE } from './fields.ts';
import { checkInput } from './inputs.ts';
import type { InputSpec, Inventory, Runbook } from './model.ts';
import type { Declared } from './names.ts';
import { suggest } from './nearest.ts';
import { inputTypeSchema, RUN_ONLY, USES_ONLY } from './runbook-schema.ts';
import { checkSecrets } from './secrets.ts';
import { checkPatterns, selectNodes } from './selectors.ts';
import { entriesOf, isMap, itemsOf } from './shapes.ts';
import { problem, warning, withoutText } from './source.ts';
import { isTemplate } from './template.ts';
import { checkVariables } from './variables.ts';
import { checkWith, expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

type Raw = Readonly<Record<string, unknown>>;

interface Context {
  readonly document: YamlDocument;
  readonly actions: ReadonlyMap<string, Action>;
  /** What expressions of a step without `env` know. */
  readonly declared: Declared;
}

/**
 * Checks beyond the schema, which reports parts of the wrong shape. Works on the document as written, so that a wrong
 * key in one place hides nothing elsewhere.
 */
export function checkRunbook(document: YamlDocument, raw: Raw, actions: ReadonlyMap<string, Action>): Diagnostic[] {
  const declared = { inputs: declaredInputs(raw), node: true, cluster: true, hop: raw['hops'] !== undefined, env: [] };
  const context = { document, actions, declared };
  return [
    ...entriesOf(raw['inputs']).flatMap(([name, spec]) => checkInputSpec(context, name, spec)),
    ...checkHops(context, raw['hops']),
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
    ...steps.flatMap((step, index) => (isMap(step) ? checkStep(context, step, [...path, 'steps', index]) : [])),
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

function checkStep(context: Context, step: Raw, path: Path): Diagnostic[] {
  const { document } = context;
  const variables = entriesOf(step['env']).filter(([name]) => VARIABLE.test(name));
  const names = variables.map(([name]) => name);
  const declared = names.length > 0 ? { ...context.declared, env: names } : context.declared;
  const template = (key: string, known: Declared) =>
    expressionDiagnostics(checkTemplate(step[key], known).problems, document, [...path, key]);
  return [
    ...checkForm(context, step, path),
    ...plainText(context, step, 'name', path),
    ...checkIf(document, step['if'], declared, path),
    ...template('run', declared),
    ...template('check', declared),
    ...(isMap(step['env']) ? template('env', context.declared) : []),
    ...checkSize(document, step['env'], [...path, 'env']),
    ...checkSecrets(document, step, context.declared, path),
    ...checkUses(context, step, declared, path),
  ];
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
  const uses = step['uses'] !== undefined;
  const run = step['run'] !== undefined;
  if (!uses && !run) {
    const detail = 'it needs `uses` (an action) or `run` (commands)';
    return [problem('step-form', 'this step does nothing', document.at(path), detail)];
  }
  if (uses && run) {
    return [problem('step-form', 'this step has both `uses` and `run`', document.at(path), 'make two steps of it')];
  }
  return (uses ? RUN_ONLY : USES_ONLY)
    .filter((key) => step[key] !== undefined)
    .map((key) => {
      const summary = uses ? `\`${key}\` belongs to \`run\` steps` : `\`${key}\` belongs to \`uses\` steps`;
      return problem('step-form', summary, document.keyAt([...path, key]));
    });
}

function checkUses({ document, actions }: Context, step: Raw, declared: Declared, path: Path): Diagnostic[] {
  const { uses, with: settings } = step;
  const fine = settings === undefined || isMap(settings);
  const action = typeof uses === 'string' ? actions.get(uses) : undefined;
  if (action) return fine ? checkWith(document, path, settings, action, declared) : [];
  const found = expressionDiagnostics(checkTemplate(settings, declared).problems, document, [...path, 'with']);
  if (typeof uses !== 'string' || uses === '') return found;
  const detail = suggest(uses, [...actions.keys()], 'actions');
  return [
    problem('unknown-action', `there is no action \`${uses}\``, document.at([...path, 'uses']), detail),
    ...found,
  ];
}

function checkIf(document: YamlDocument, condition: unknown, declared: Declared, path: Path): Diagnostic[] {
  if (typeof condition !== 'string' || condition === '') return [];
  return expressionDiagnostics(checkCondition(condition, declared), document, [...path, 'if']);
}

function plainText({ document }: Context, owner: Raw, key: string, path: Path): Diagnostic[] {
  const value = owner[key];
  if (typeof value !== 'string' || !isTemplate(value)) return [];
  const start = value.indexOf('${{');
  const span = document.inside([...path, key], start, start + 3);
  return [problem('template', `\`${key}\` is shown as written: \${{ }} has no effect here`, span)];
}
