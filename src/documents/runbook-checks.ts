import type { Action } from '../actions/action.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { checkAlways } from './always-checks.ts';
import type { Expanded, Place } from './expand.ts';
import { checkTemplate, TYPE_WORDS } from './expressions.ts';
import { checkGate } from './gate-checks.ts';
import { checkHead, checkVars } from './head-checks.ts';
import { checkHooks } from './hook-checks.ts';
import type { Inventory, Runbook } from './model.ts';
import type { Declared } from './names.ts';
import type { Scripts } from './scripts.ts';
import { checkPatterns, selectNodes } from './selectors.ts';
import { isMap, itemsOf } from './shapes.ts';
import { problem, warning } from './source.ts';
import { StepIds } from './step-ids.ts';
import { checkIf, checkStep, type Context, plainText, type Raw } from './step-checks.ts';
import { expressionDiagnostics } from './with.ts';
import type { Path, YamlDocument } from './yaml.ts';

/**
 * Checks beyond the schema, which reports parts of the wrong shape. Works on the document as written, so that a wrong
 * key in one place hides nothing elsewhere.
 */
export function checkRunbook(whole: Expanded, actions: ReadonlyMap<string, Action>, scripts: Scripts): Diagnostic[] {
  const { document, value: raw } = whole;
  const hop = raw['hops'] !== undefined || raw['kind'] !== 'Runbook';
  const known = new Map<Place, Declared>();
  const declaredAt = (path: Path): Declared => {
    const place = whole.placeOf(path);
    const declared = known.get(place) ?? { ...place.declared, node: true, cluster: true, hop, env: [] };
    known.set(place, declared);
    return declared;
  };
  const ids = new StepIds(raw);
  const context = { document, actions, scripts, ids, declared: declaredAt([]) };
  const at = (path: Path): Context => ({ ...context, declared: declaredAt(path) });
  return [
    ...whole.diagnostics,
    ...checkHead(document, raw),
    ...checkHops(context, raw['hops']),
    ...ids.problems(document),
    ...checkHooks(context, raw),
    ...itemsOf(raw['phases']).flatMap((phase, index) => (isMap(phase) ? checkPhase(at, phase, ['phases', index]) : [])),
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

function checkHops({ document, declared }: Context, hops: unknown): Diagnostic[] {
  const to = isMap(hops) ? hops['to'] : undefined;
  if (typeof to !== 'string') return [];
  const { problems, types } = checkTemplate(to, { ...declared, node: false, cluster: false, hop: false });
  const type = types.get('[]') ?? 'string';
  const path = ['hops', 'to'];
  if (type === 'string' || type === 'unknown') return expressionDiagnostics(problems, document, path);
  return [problem('expression-type', '`to` must be a version, the expression gives something else', document.at(path))];
}

function checkPhase(at: (path: Path) => Context, phase: Raw, path: Path): Diagnostic[] {
  const context = at(path);
  const { document, declared } = context;
  const unplaced = { ...declared, node: false };
  const steps = itemsOf(phase['steps']);
  return [
    ...plainText(context, phase, 'name', path),
    ...checkNodes(context, phase['nodes'], [...path, 'nodes']),
    ...checkIf(document, phase['if'], unplaced, path),
    ...checkGate(document, phase['gate'], declared, path),
    ...checkVars(document, phase['vars'], declared.inputs, path),
    ...(['serial', 'maxFailures'] as const).flatMap((key) =>
      checkShares(document, phase[key], unplaced, [...path, key]),
    ),
    ...checkPause(document, phase['pause'], unplaced, [...path, 'pause']),
    ...steps.flatMap((step, index) => {
      const own = [...path, 'steps', index];
      return isMap(step) ? checkStep(at(own), step, own) : [];
    }),
    ...checkAlways(at, phase, path),
  ];
}

/** An expression may give a number of nodes, a share of them, or a list of these. */
function checkShares(document: YamlDocument, shares: unknown, declared: Declared, path: Path): Diagnostic[] {
  const { problems, types } = checkTemplate(shares, declared);
  const wrong = [...types].filter(([, type]) => type === 'boolean' || type === 'map' || type === 'null');
  return [
    ...expressionDiagnostics(problems, document, path),
    ...wrong.map(([, type]) => {
      const summary = `\`${String(path.at(-1))}\` is of nodes, the expression gives ${TYPE_WORDS[type]}`;
      return problem('expression-type', summary, document.at(path));
    }),
  ];
}

function checkPause(document: YamlDocument, pause: unknown, declared: Declared, path: Path): Diagnostic[] {
  const { problems, types } = checkTemplate(pause, declared);
  const type = types.get('[]') ?? 'string';
  if (type === 'string' || type === 'unknown') return expressionDiagnostics(problems, document, path);
  const summary = `\`pause\` must be a duration, the expression gives ${TYPE_WORDS[type]}`;
  return [problem('expression-type', summary, document.at(path))];
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
