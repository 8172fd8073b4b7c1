import { bindStep } from '../actions/bound-step.ts';
import { drain } from '../actions/drain.ts';
import type { Inventory } from '../documents/model.ts';
import { selectNodes } from '../documents/selectors.ts';
import { SEVERITIES } from '../event.ts';
import type { FactSource } from '../engine/fact-source.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { isNodeFact } from '../facts/lib/kinds.ts';
import { Failure } from '../failure.ts';
import type { Finding, GuardNode } from '../guards/guard.ts';
import { applyOverrides, type Override } from '../guards/lib/override.ts';
import { targetKubeadm } from '../guards/target-kubeadm.ts';
import { checkRun, checkStep, guards } from '../guards/registry.ts';
import type { Plan } from '../plan/plan.ts';
import type { Preflight } from '../render/preflight.ts';
import type { Console } from './console.ts';
import type { Reading } from './facts.ts';
import type { Documents, Valid } from './load.ts';
import type { Scope } from './scope.ts';
import { readTolerantly } from './tolerant.ts';

/** The nodes that `preflight` judges, and the guards that it overrides. */
export interface Subject {
  readonly inventory: Valid<Inventory>;
  readonly limit?: string;
  readonly overrides: readonly Override[];
}

/**
 * What all guards find in the cluster as it is now, and in a drain of each node. A limit chooses what is shown of it:
 * a part of a cluster cannot be judged by itself.
 */
export async function judgeCluster(
  console: Console,
  observer: FactSource,
  subject: Subject,
  nodes: readonly string[],
): Promise<Preflight> {
  const inventory = subject.inventory.value;
  const shown = ofChosen(subject);
  console.emit({ type: 'facts', nodes, ...observer.kept });
  const read = await readTolerantly(observer, { nodes: {} }, nodes, factsOf(inventory));
  const all = [...read.findings, ...judge(subject, nodes, read.facts, true)];
  const findings = all.filter(shown);
  return {
    cluster: inventory.cluster,
    ...(observer.kept && { facts: observer.kept }),
    nodes: chosenNodes(subject),
    ...(all.length > findings.length && { notShown: all.length - findings.length }),
    findings,
    guards: verdicts(findings, read.unread, new Set(drainGuards)),
  };
}

/** What a plan's guards found in its steps, and the other guards in the cluster as it is now. */
export async function judgePlan(
  console: Console,
  documents: Documents,
  scope: Scope,
  { facts, observer }: Reading,
  plan: Plan,
  contacted: readonly string[],
): Promise<Preflight> {
  const inventory = documents.inventory.value;
  const nodes = nodesOf(documents).filter((name) => contacted.includes(name));
  if (nodes.length > 0) console.emit({ type: 'facts', nodes, ...observer.kept });
  // Of nodes beyond the limit nothing is known yet.
  const isWhole = nodes.every((name) => scope.nodes.includes(name));
  const others = factsOf(inventory).filter((id) => !isWhole || !scope.facts.includes(id));
  const read = await readTolerantly(observer, facts, nodes, others);
  const wasAsked = Object.values(facts.nodes).some((node) => node.targetKubeadm !== undefined);
  const planned = new Set(scope.guards.filter((id) => id !== targetKubeadm.id || wasAsked));
  const ofCluster = judge(documents, nodes, read.facts, false).filter(({ guard }) => !planned.has(guard));
  const found = [...read.findings, ...ofCluster];
  // What the plan found would stop its run, whatever node it is about.
  const findings = [...plan.findings, ...found.filter(ofChosen(documents))];
  const notShown = plan.findings.length + found.length - findings.length;
  return {
    cluster: inventory.cluster,
    runbook: documents.runbook.value.name,
    ...(observer.kept && { facts: observer.kept }),
    nodes: chosenNodes(documents).filter((name) => nodes.includes(name)),
    ...(notShown > 0 && { notShown }),
    findings,
    guards:
      nodes.length > 0 ? verdicts(findings, read.unread, planned) : nothingAsked(inventory, findings, read.unread),
  };
}

/** Where no plan can be made, the state of the cluster is shown at least, with the reason why no steps were judged. */
export function withoutPlan(found: Preflight, runbook: string, error: Failure): Preflight {
  const isShown = found.findings.some((finding) => finding.guard === 'facts');
  const finding: Finding = {
    guard: 'plan',
    severity: isShown ? 'note' : 'refuse',
    summary: `the steps of ${runbook} were not judged, as no plan could be made: ${error.message}`,
    remedy: error.detail.join(' '),
    source: 'what cannot be planned cannot be judged',
  };
  return { ...found, runbook, findings: [finding, ...found.findings] };
}

/** All nodes: whatever the limit chooses is judged with the others. @throws Failure (document) for a wrong limit */
export function nodesOf(subject: Subject): string[] {
  chosenNodes(subject);
  return subject.inventory.value.nodes.map((node) => node.name);
}

/** @throws Failure (document) */
export function chosenNodes({ inventory: { value: inventory }, limit }: Subject): string[] {
  if (limit === undefined) return inventory.nodes.map((node) => node.name);
  const selected = selectNodes([limit], inventory);
  const [problem] = selected.problems;
  if (problem)
    throw new Failure('document', `--limit: ${problem.message}`, problem.detail === undefined ? [] : [problem.detail]);
  const names = new Set(selected.nodes.map((node) => node.name));
  return inventory.nodes.filter((node) => names.has(node.name)).map((node) => node.name);
}

/** Whether a finding is about a chosen node, or about the cluster. */
function ofChosen(subject: Subject): (finding: Finding) => boolean {
  const chosen = new Set(chosenNodes(subject));
  return ({ node }) => node === undefined || chosen.has(node);
}

function judge(
  { inventory, overrides }: Subject,
  names: readonly string[],
  facts: Facts,
  drained: boolean,
): readonly Finding[] {
  const nodes = inventory.value.nodes
    .filter((node) => names.includes(node.name))
    .map(({ name, host, role }) => ({ name, host, role }));
  const found = checkRun({ nodes, before: facts, after: facts });
  const drains = drained ? nodes.flatMap((node) => judgeDrain(nodes, node, facts)) : [];
  const more = drains.filter(
    (one) => !found.some(({ guard, summary }) => guard === one.guard && summary === one.summary),
  );
  return applyOverrides([...found, ...more], overrides);
}

/** Every upgrade drains each node. `others-ready` would repeat what `nodes-ready` finds. */
const drainGuards = drain.guards.filter((id) => id !== 'others-ready');

function judgeDrain(nodes: readonly GuardNode[], node: GuardNode, facts: Facts): Finding[] {
  const step = bindStep('drain', node, drain, {});
  return checkStep({ nodes, before: facts, after: facts, step }, drainGuards).map(
    ({ step: _step, ...finding }) => finding,
  );
}

/** What the guards need, as far as the inventory has a place to ask kubectl. */
function factsOf(inventory: Inventory): FactId[] {
  const all = new Set<FactId>(['machine', 'kubelet']);
  for (const guard of guards.values()) for (const id of guard.facts) all.add(id);
  const asksKubectl = inventory.kubectl.on === 'local' || inventory.nodes.some((node) => node.role === 'control-plane');
  return [...all].filter((id) => asksKubectl || isNodeFact(id)).toSorted();
}

/** No node was contacted: guards that need facts of nodes were not asked, and are not listed. */
function nothingAsked(
  { kubectl }: Inventory,
  findings: readonly Finding[],
  unread: readonly FactId[],
): Preflight['guards'] {
  return verdicts(findings, unread, new Set()).filter(
    ({ id }) => kubectl.on === 'local' && guards.get(id)?.facts.some(isNodeFact) === false,
  );
}

/** What each guard says; `planned`: those that judged steps. */
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
