import { bindStep } from '../actions/bound-step.ts';
import { drain } from '../actions/drain.ts';
import type { Inventory } from '../documents/model.ts';
import { selectNodes } from '../documents/selectors.ts';
import { SEVERITIES } from '../event.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { isNodeFact } from '../facts/lib/kinds.ts';
import { Failure } from '../failure.ts';
import type { Finding, GuardNode } from '../guards/guard.ts';
import { applyOverrides } from '../guards/lib/override.ts';
import { checkRun, checkStep, guards } from '../guards/registry.ts';
import { type Preflight, renderPreflight } from '../render/preflight.ts';
import { type Console, withConsole } from '../run/console.ts';
import { loadDocuments, loadValidInventory, type Valid } from '../run/load.ts';
import { type CommonOptions, inventoryFile, stateDir } from '../run/options.ts';
import { parseOverrides } from '../run/overrides.ts';
import { type Prepared, prepare } from '../run/prepare.ts';
import { connectNodes } from '../run/connect.ts';
import { readTolerantly } from '../run/tolerant.ts';

/**
 * Facts and guards only; takes no lock and changes nothing. With a runbook its plan is judged as well, so that rules about the version
 * to reach have their say; without one every guard judges the cluster as it stands, and a drain of each node.
 */
export function preflight(runbookFile: string | undefined, options: CommonOptions): Promise<number> {
  const isData = options.output === 'json';
  // The document alone is on stdout, so that a script can read it whole.
  return withConsole(isData ? { ...options, output: 'plain' } : options, 'stderr', async (console) => {
    const found = await (runbookFile === undefined
      ? asItStands(console, options)
      : ofRunbook(console, runbookFile, options));
    if (isData) console.print(`${JSON.stringify(found)}\n`);
    else console.print(renderPreflight(found, console.look));
    const refusals = found.findings.filter((finding) => finding.severity === 'refuse').length;
    if (refusals === 0) return 0;
    throw new Failure(
      'guard-refused',
      `${refusals === 1 ? 'one refusal' : `${refusals} refusals`}; nothing was changed`,
    );
  });
}

async function ofRunbook(console: Console, file: string, options: CommonOptions): Promise<Preflight> {
  const documents = await loadDocuments(console, file, options);
  let prepared: Prepared;
  try {
    prepared = await prepare(console, documents, options, false);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'guard-refused') throw error;
    return withoutPlan(await asItStands(console, options), documents.runbook.value.name, error);
  }
  try {
    const inventory = documents.inventory.value;
    const nodes = namesOf(inventory, options.limit).filter((name) => prepared.nodes.includes(name));
    const more = factsOf(inventory).filter((id) => !prepared.needs.facts.includes(id));
    if (nodes.length > 0) console.emit({ type: 'facts', nodes });
    const told = await readTolerantly(prepared.observer, prepared.facts, nodes, more);
    const planned = new Set(prepared.needs.guards);
    const others = judge(inventory, nodes, told.facts, options, false).filter((finding) => !planned.has(finding.guard));
    const findings = [...told.findings, ...prepared.plan.findings, ...others];
    return {
      cluster: inventory.cluster,
      runbook: documents.runbook.value.name,
      nodes,
      findings,
      guards:
        nodes.length > 0 ? verdicts(findings, told.unread, planned) : nothingAsked(inventory, findings, told.unread),
    };
  } finally {
    await prepared.fleet.close();
  }
}

/** The cluster as it stands is told at least, with the reason why no steps were judged. */
function withoutPlan(found: Preflight, runbook: string, error: Failure): Preflight {
  const isTold = found.findings.some((finding) => finding.guard === 'facts');
  const finding: Finding = {
    guard: 'plan',
    severity: isTold ? 'note' : 'refuse',
    summary: `the steps of ${runbook} were not judged, as no plan could be made: ${error.message}`,
    remedy: error.detail.join(' '),
    source: 'what cannot be planned cannot be judged',
  };
  return { ...found, runbook, findings: [finding, ...found.findings] };
}

async function asItStands(console: Console, options: CommonOptions): Promise<Preflight> {
  const inventory: Valid<Inventory> = await loadValidInventory(console, inventoryFile(options));
  parseOverrides(options.override, inventory.value);
  const nodes = namesOf(inventory.value, options.limit);
  const connected = await connectNodes(console, {
    inventory,
    nodes,
    minors: [],
    stateDir: stateDir(options),
    reconnect: false,
  });
  try {
    console.emit({ type: 'facts', nodes });
    const told = await readTolerantly(connected.observer, { nodes: {} }, nodes, factsOf(inventory.value));
    const findings = [...told.findings, ...judge(inventory.value, nodes, told.facts, options, true)];
    const guards = verdicts(findings, told.unread, new Set(drainRules));
    return { cluster: inventory.value.cluster, nodes, findings, guards };
  } finally {
    await connected.fleet.close();
  }
}

function judge(
  inventory: Inventory,
  names: readonly string[],
  facts: Facts,
  options: CommonOptions,
  drained: boolean,
): readonly Finding[] {
  const nodes = inventory.nodes
    .filter((node) => names.includes(node.name))
    .map(({ name, host, role }) => ({ name, host, role }));
  const found = checkRun({ nodes, before: facts, after: facts });
  const drains = drained ? nodes.flatMap((node) => judgeDrain(nodes, node, facts)) : [];
  const more = drains.filter(
    (one) => !found.some(({ guard, summary }) => guard === one.guard && summary === one.summary),
  );
  return applyOverrides([...found, ...more], parseOverrides(options.override, inventory));
}

/** Whatever an upgrade consists of, it drains each node. `others-ready` would say again what `nodes-ready` says. */
const drainRules = drain.guards.filter((id) => id !== 'others-ready');

function judgeDrain(nodes: readonly GuardNode[], node: GuardNode, facts: Facts): Finding[] {
  const step = bindStep('drain', node, drain, {});
  return checkStep({ nodes, before: facts, after: facts, step }, drainRules).map(
    ({ step: _step, ...finding }) => finding,
  );
}

/** All nodes of the selection, and the control planes, which are asked about the cluster. @throws Failure (document) */
function namesOf(inventory: Inventory, limit: string | undefined): string[] {
  if (limit === undefined) return inventory.nodes.map((node) => node.name);
  const selected = selectNodes([limit], inventory);
  const [problem] = selected.problems;
  if (problem)
    throw new Failure('document', `--limit: ${problem.message}`, problem.detail === undefined ? [] : [problem.detail]);
  const names = new Set(selected.nodes.map((node) => node.name));
  return inventory.nodes
    .filter((node) => names.has(node.name) || node.role === 'control-plane')
    .map((node) => node.name);
}

/** What any guard stands on, as far as the inventory has somebody to ask. */
function factsOf(inventory: Inventory): FactId[] {
  const all = new Set<FactId>(['machine', 'kubelet']);
  for (const guard of guards.values()) for (const id of guard.facts) all.add(id);
  const asksKubectl = inventory.kubectl.on === 'local' || inventory.nodes.some((node) => node.role === 'control-plane');
  return [...all].filter((id) => asksKubectl || isNodeFact(id)).toSorted();
}

/** No node was contacted: a guard that stands on what nodes say has not been asked, and is not listed. */
function nothingAsked(
  { kubectl }: Inventory,
  findings: readonly Finding[],
  unread: readonly FactId[],
): Preflight['guards'] {
  const said = verdicts(findings, unread, new Set());
  return said.filter(({ id }) => kubectl.on === 'local' && guards.get(id)?.facts.some(isNodeFact) === false);
}

/** What each guard says; `planned`: those of them that judged steps. */
function verdicts(
  findings: readonly Finding[],
  unread: readonly FactId[],
  planned: ReadonlySet<string>,
): Preflight['guards'] {
  return [...guards.values()].map(({ id, title, source, facts, ofSteps }) => {
    const own = findings.filter((finding) => finding.guard === id);
    const worst = SEVERITIES.find((severity) => own.some((finding) => finding.severity === severity));
    const silent =
      ofSteps && !planned.has(id) ? 'not-asked' : facts.some((fact) => unread.includes(fact)) ? 'unknown' : 'holds';
    return { id, title, source, says: worst ?? silent };
  });
}
