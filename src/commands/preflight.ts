import type { Inventory } from '../documents/model.ts';
import { selectNodes } from '../documents/selectors.ts';
import { FactError } from '../facts/fact.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { isClusterFact, isNodeFact } from '../facts/kinds.ts';
import { Failure } from '../failure.ts';
import type { Finding } from '../guards/guard.ts';
import { applyOverrides } from '../guards/override.ts';
import { checkRun, guards } from '../guards/registry.ts';
import { type Preflight, renderPreflight } from '../render/preflight.ts';
import { type Console, withConsole } from './console.ts';
import { loadDocuments, loadValidInventory, type Valid } from './load.ts';
import { type CommonOptions, inventoryFile, stateDir } from './options.ts';
import { parseOverrides } from './overrides.ts';
import { prepare } from './prepare.ts';
import { type Reached, reachNodes } from './reach.ts';

/**
 * Facts and guards only; takes no lock and changes nothing. With a runbook its plan is judged as well, so that rules about the version
 * to reach have their say; without one every guard judges the cluster as it stands.
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
  const prepared = await prepare(console, documents, options, false);
  try {
    const inventory = documents.inventory.value;
    const nodes = namesOf(inventory, options.limit).filter((name) => prepared.nodes.includes(name));
    const more = factsOf(inventory).filter((id) => !prepared.needs.facts.includes(id));
    const { facts, unread } = await readTolerantly(console, prepared, prepared.facts, nodes, more);
    const planned = new Set(prepared.needs.guards);
    const others = judge(inventory, nodes, facts, options).filter((finding) => !planned.has(finding.guard));
    return {
      cluster: inventory.cluster,
      runbook: documents.runbook.value.name,
      nodes,
      findings: [...unread, ...prepared.plan.findings, ...others],
      guards: titles(),
    };
  } finally {
    await prepared.fleet.close();
  }
}

async function asItStands(console: Console, options: CommonOptions): Promise<Preflight> {
  const inventory: Valid<Inventory> = await loadValidInventory(console, inventoryFile(options));
  parseOverrides(options.override, inventory.value);
  const nodes = namesOf(inventory.value, options.limit);
  const reached = await reachNodes(console, {
    inventory,
    nodes,
    minors: [],
    stateDir: stateDir(options),
    reconnect: false,
  });
  try {
    const { facts, unread } = await readTolerantly(console, reached, { nodes: {} }, nodes, factsOf(inventory.value));
    const findings = judge(inventory.value, nodes, facts, options);
    return { cluster: inventory.value.cluster, nodes, findings: [...unread, ...findings], guards: titles() };
  } finally {
    await reached.fleet.close();
  }
}

function judge(
  inventory: Inventory,
  names: readonly string[],
  facts: Facts,
  options: CommonOptions,
): readonly Finding[] {
  const nodes = inventory.nodes
    .filter((node) => names.includes(node.name))
    .map(({ name, host, role }) => ({ name, host, role }));
  const findings = checkRun({ nodes, before: facts, after: facts });
  return applyOverrides(findings, parseOverrides(options.override, inventory));
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

/** A fact that cannot be read is a finding of its own, and the others are judged all the same. */
async function readTolerantly(
  console: Console,
  { observer }: Reached,
  known: Facts,
  nodes: readonly string[],
  ids: readonly FactId[],
): Promise<{ readonly facts: Facts; readonly unread: readonly Finding[] }> {
  console.emit({ type: 'facts', nodes });
  const unread: Finding[] = [];
  for (let left = [...ids]; ;) {
    try {
      return { facts: await observer.read(known, nodes, left), unread };
    } catch (error) {
      if (!(error instanceof FactError) || !left.includes(error.fact)) throw error;
      const { fact, node } = error;
      unread.push({
        guard: 'facts',
        severity: 'refuse',
        ...(isClusterFact(fact) ? {} : { node }),
        summary: error.message.replace(` ${error.remedy}`, ''),
        remedy: error.remedy,
        source: 'what cannot be read cannot be judged',
      });
      left = left.filter((id) => id !== fact);
    }
  }
}

function titles() {
  return [...guards.values()].map(({ id, title, source }) => ({ id, title, source }));
}
