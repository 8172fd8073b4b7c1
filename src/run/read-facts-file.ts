import type { Inventory } from '../documents/model.ts';
import type { FactSource } from '../engine/fact-source.ts';
import { FactError } from '../facts/fact.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { isNodeFact } from '../facts/lib/kinds.ts';
import { minorNumber, minorOf, minorText } from '../facts/lib/version.ts';
import { versionsOf } from '../facts/lib/versions.ts';
import { clusterFacts, nodeFacts } from '../facts/registry.ts';
import { type FactsDocument, factsDocument } from '../facts-file/document.ts';
import { inventoryPart } from '../facts-file/inventory.ts';
import { Failure } from '../failure.ts';
import { hopMinors, hopsTarget } from '../plan/hops.ts';
import { type Console } from './console.ts';
import { FactsOfFile } from './facts-of-file.ts';
import type { Documents, Valid } from './load.ts';
import { planOf } from './plan.ts';
import { Recording } from './recording.ts';
import { scopeOf } from './scope.ts';
import type { Source } from './source.ts';
import { readTolerantly } from './tolerant.ts';

/** Minors that are asked for at once, and that may be missing in a row before the newest one is found. */
const AHEAD = 4;

/** No repository will offer so many minors. */
const MOST = 60;

export interface Request {
  readonly inventory: Valid<Inventory>;
  /** Of a runbook, for whose steps more is read. */
  readonly documents?: Documents;
  /** The nodes that are read. */
  readonly nodes: readonly string[];
  readonly program: string;
}

/**
 * All facts of these nodes and of the cluster. What cannot be read is noted in the file with its reason, and so is what
 * the repositories offer: from the cluster's minor to the newest that the first node's repository has.
 */
export async function readAllFacts(console: Console, source: Source, request: Request): Promise<FactsDocument> {
  const { inventory, documents, nodes, program } = request;
  const readAt = new Date().toISOString();
  console.emit({ type: 'facts', nodes });
  const ids = factsOf(inventory.value);
  const others = ids.filter((id) => id !== 'offered');
  const read = await readTolerantly(source.observer, { nodes: {} }, nodes, others);
  const minors = await minorsFor(source.observer, read.facts, nodes, documents);
  const offered = await readTolerantly(source.observer.offering(minors), read.facts, nodes, ['offered']);
  const unread = [...read.causes, ...offered.causes].map(
    ({ facts, error: { node, command, code, stderr, remedy, reason } }) => ({
      node,
      facts,
      command,
      code,
      stderr,
      remedy,
      ...(reason !== undefined && { reason }),
    }),
  );
  const document = factsDocument({
    program,
    readAt,
    inventory: inventoryPart(inventory),
    asked: { nodes, facts: ids, minors, ...(unread.length > 0 && { unread }) },
    facts: offered.facts,
  });
  return documents ? withLooks(console, source, document, documents) : document;
}

/** All that are known; those of the cluster where the inventory has a place to ask kubectl. */
function factsOf({ kubectl, nodes }: Inventory): FactId[] {
  const asksKubectl = kubectl.on === 'local' || nodes.some((node) => node.role === 'control-plane');
  // They are the keys of the registries.
  const all = [...Object.keys(nodeFacts), ...Object.keys(clusterFacts)] as FactId[];
  return all.filter((id) => asksKubectl || isNodeFact(id)).toSorted();
}

/** From the cluster's minor to the newest that is offered, and those that the runbook goes to. */
async function minorsFor(
  observer: FactSource,
  facts: Facts,
  nodes: readonly string[],
  documents: Documents | undefined,
): Promise<string[]> {
  const wanted = documents ? minorsOf(documents, facts) : [];
  const from = oldestMinor(facts);
  const [first] = nodes;
  if (from === undefined || first === undefined) return wanted;
  const range = (start: number, length: number) => Array.from({ length }, (_, index) => start + index);
  let last = from + 1;
  for (let next = from + 1; next < from + MOST; next += AHEAD) {
    const asked = range(next, AHEAD);
    const offered = await offeredOf(observer, first, asked);
    if (offered.length === 0) break;
    last = Math.max(last, ...offered);
  }
  const numbers = new Set([...range(from, last - from + 1), ...wanted.map((minor) => minorNumber(minor) ?? from)]);
  return [...numbers].toSorted((a, b) => a - b).map(minorText);
}

async function offeredOf(observer: FactSource, node: string, minors: readonly number[]): Promise<number[]> {
  try {
    const { nodes } = await observer.offering(minors.map(minorText)).read({ nodes: {} }, [node], ['offered']);
    return minors.filter((minor) => (nodes[node]?.offered?.[minorText(minor)]?.revisions['kubeadm'] ?? []).length > 0);
  } catch (error) {
    // It is noted when all nodes are asked.
    if (error instanceof FactError) return [];
    throw error;
  }
}

function oldestMinor(facts: Facts): number | undefined {
  const { apiServers, kubelets, clusterVersion } = versionsOf(facts);
  const binaries = Object.values(facts.nodes).flatMap(({ binaries: own }) => own?.kubelet ?? own?.kubeadm ?? []);
  const running = [
    ...Object.values(apiServers),
    ...Object.values(kubelets),
    ...(clusterVersion === undefined ? [] : [clusterVersion]),
  ];
  const minors = (running.length > 0 ? running : binaries).flatMap((version) => minorNumber(version) ?? []);
  return minors.length === 0 ? undefined : Math.min(...minors);
}

/** The minors of a runbook's steps, and those on its way. */
export function minorsOf(documents: Documents, facts: Facts): string[] {
  const { runbook, inventory, inputs, chosen } = documents;
  const { minors } = scopeOf(documents);
  if (!runbook.value.hops) return [...minors];
  const to = hopsTarget(runbook.value, inventory.value, inputs, chosen?.via);
  try {
    return [...new Set([...minors, minorOf(to), ...hopMinors(to, facts, chosen).map(minorText)])];
  } catch (error) {
    // Where the cluster's version is not known, no plan is made.
    if (error instanceof Failure && error.kind === 'guard-refused') return [...new Set([...minors, minorOf(to)])];
    throw error;
  }
}

/** With what the steps of a runbook look at, which shows only in its plan. */
async function withLooks(
  console: Console,
  source: Source,
  document: FactsDocument,
  documents: Documents,
): Promise<FactsDocument> {
  const { runbook } = documents;
  const scope = scopeOf(documents);
  const recording = new Recording(source);
  try {
    const kept = new FactsOfFile('the facts', document, minorsOf(documents, document.facts), '');
    const facts = await kept.read({ nodes: {} }, scope.nodes, scope.facts);
    await planOf(recording, documents, scope, { facts, observer: kept }, recording.look);
  } catch (error) {
    const isRefused = error instanceof FactError || (error instanceof Failure && error.kind === 'guard-refused');
    if (!isRefused) throw error;
    console.warn(`what steps of ${runbook.value.name} look at is not complete: no plan can be made`, [
      error.message,
      ...(error instanceof Failure ? error.detail : []),
    ]);
  }
  const { checks, facts } = recording.added(document.facts);
  const asked = { ...document.asked, runbook: { name: runbook.value.name, file: runbook.file }, checks };
  const { format: _format, version: _version, digest: _digest, ...content } = document;
  return factsDocument({ ...content, asked, facts });
}
