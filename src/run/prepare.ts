import { actions } from '../actions/registry.ts';
import { runChecks, runRequirements } from '../engine/check.ts';
import { readFiles } from '../engine/files.ts';
import type { Facts } from '../facts/facts.ts';
import { isClusterFact } from '../facts/lib/kinds.ts';
import { minorText } from '../facts/lib/version.ts';
import { guards } from '../guards/registry.ts';
import { chooseNodes } from '../plan/drafts.ts';
import { hopMinors, hopsTarget } from '../plan/hops.ts';
import { makePlan } from '../plan/make-plan.ts';
import { type Needs, needsItsNode, needsOf } from '../plan/needs.ts';
import type { Plan } from '../plan/plan.ts';
import { Failure } from '../failure.ts';
import type { Console } from './console.ts';
import type { Documents } from './load.ts';
import { type CommonOptions, stateDir } from './options.ts';
import { parseOverrides } from './overrides.ts';
import { type Connected, connectNodes } from './connect.ts';

export interface Prepared extends Connected {
  readonly documents: Documents;
  readonly needs: Needs;
  readonly nodes: readonly string[];
  readonly facts: Facts;
  readonly plan: Plan;
}

/**
 * The one path of plan, dry run and apply: documents -> connect -> `ahead` (the lock, an unfinished run) -> facts -> plan.
 * What it opened is closed when it throws.
 */
export async function prepare(
  console: Console,
  documents: Documents,
  options: CommonOptions,
  reconnect: boolean,
  ahead: (connected: Connected, nodes: readonly string[]) => Promise<void> = () => Promise.resolve(),
): Promise<Prepared> {
  const { runbook, inventory, inputs } = documents;
  // Said before anything is contacted.
  parseOverrides(options.override, inventory.value);
  const needs = needsOf(runbook.value, inventory.value, inputs, actions, guards);
  if (runbook.value.hops) hopsTarget(runbook.value, inventory.value, inputs, documents.chosen?.via);
  const nodes = nodesOf(documents, needs, options.limit);
  const connected = await connectNodes(console, {
    inventory,
    nodes,
    minors: needs.minors,
    stateDir: stateDir(options),
    reconnect,
  });
  try {
    await ahead(connected, nodes);
    // Without any control plane this says so, before a step in the middle of the run would.
    if (asksKubectl(documents)) connected.observer.kubectlHost();
    const { observer, facts } = await readForPlan(console, documents, connected, nodes, needs);
    const plan = await planOf(documents, options, needs, { ...connected, observer }, facts, nodes);
    return { ...connected, observer, documents, needs, nodes, facts, plan };
  } catch (error) {
    await connected.fleet.close();
    throw error;
  }
}

function asksKubectl({ runbook }: Documents): boolean {
  return runbook.value.phases.some((phase) =>
    phase.steps.some((step) => step.kind === 'uses' && actions.get(step.uses)?.place === 'kubectl'),
  );
}

/** Nodes of the phases with a step that needs them, and the control planes where Kubernetes is asked. No other is contacted. */
function nodesOf({ runbook, inventory }: Documents, needs: Needs, limit: string | undefined): string[] {
  // Wherever kubectl runs: the rules are about every API server, and none may be a stranger.
  const asked = needs.facts.some(isClusterFact);
  const onControlPlane = runbook.value.phases.some((phase) =>
    phase.steps.some((step) => (step.kind === 'run' ? step.on : step.with.on) === 'control-plane'),
  );
  const wanted = new Set<string>();
  for (const phase of runbook.value.phases) {
    if (!phase.steps.some((step) => needsItsNode(step, actions))) continue;
    const { nodes } = chooseNodes(phase, { inventory, actions, ...(limit === undefined ? {} : { limit }) });
    for (const node of nodes) wanted.add(node.name);
  }
  for (const node of inventory.value.nodes) {
    if (node.role === 'control-plane' && (asked || onControlPlane)) wanted.add(node.name);
  }
  return inventory.value.nodes.map((node) => node.name).filter((name) => wanted.has(name));
}

/** With hops the cluster tells which minors lie in between, and only then their repositories are asked. @throws Failure */
async function readForPlan(
  console: Console,
  { runbook, inventory, inputs, chosen }: Documents,
  connected: Connected,
  nodes: readonly string[],
  needs: Needs,
): Promise<{ readonly observer: Connected['observer']; readonly facts: Facts }> {
  const { observer } = connected;
  if (!runbook.value.hops) return { observer, facts: await readFacts(console, connected, nodes, needs) };
  const others = needs.facts.filter((id) => id !== 'offered');
  const known = await readFacts(console, connected, nodes, { ...needs, facts: others });
  const minors = hopMinors(hopsTarget(runbook.value, inventory.value, inputs), known, chosen).map(minorText);
  const asking = observer.offering([...new Set([...needs.minors, ...minors])]);
  return { observer: asking, facts: await reading(() => asking.read(known, nodes, ['offered'])) };
}

/** @throws Failure when a fact cannot be read. */
export async function readFacts(
  console: Console,
  connected: Pick<Connected, 'observer'>,
  nodes: readonly string[],
  needs: Needs,
): Promise<Facts> {
  if (needs.facts.length === 0) return { nodes: {} };
  console.emit({ type: 'facts', nodes });
  return reading(() => connected.observer.read({ nodes: {} }, nodes, needs.facts));
}

async function reading(read: () => Promise<Facts>): Promise<Facts> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    throw new Failure(
      'guard-refused',
      `cannot read what has to be known before anything is changed: ${error.message}`,
      ['Nothing was changed.'],
    );
  }
}

async function planOf(
  documents: Documents,
  options: CommonOptions,
  needs: Needs,
  connected: Connected,
  facts: Facts,
  contacted: readonly string[],
): Promise<Plan> {
  const { runbook, inventory, inputs } = documents;
  return makePlan({
    runbook,
    inventory,
    inputs,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    facts,
    contacted: new Set(contacted),
    actions,
    guards: needs.guards,
    ...(documents.chosen && { chosen: documents.chosen }),
    overrides: parseOverrides(options.override, inventory.value),
    checks: (steps) => runChecks({ ...connected, plan: { nodes: inventory.value.nodes } }, steps),
    requirements: (steps) => runRequirements({ ...connected, plan: { nodes: inventory.value.nodes } }, steps),
    files: (setting, steps) => readFiles(connected.fleet, setting, steps, facts),
    now: Date.now(),
  });
}

/** True where the plan would change something. */
export function hasChanges(plan: Plan): boolean {
  return plan.phases.some((phase) => phase.steps.some((step) => step.predicted.outcome === 'change'));
}

/** Tells all findings. @throws Failure (guard-refused) when one refuses. */
export function tellFindings(console: Console, plan: Plan, show: boolean): void {
  if (show) for (const finding of plan.findings) console.emit({ type: 'finding', finding });
  const refusals = plan.findings.filter((finding) => finding.severity === 'refuse');
  if (refusals.length === 0) return;
  const count = refusals.length === 1 ? 'one guard refuses' : `${refusals.length} refusals`;
  throw new Failure('guard-refused', `${count}; nothing was changed`);
}
