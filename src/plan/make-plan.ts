import { addonsOf } from '../actions/lib/addons.ts';
import { bootOf } from '../actions/reboot.ts';
import type { Inventory, Loaded, Part, Runbook } from '../documents/model.ts';
import { partName } from '../documents/runbook.ts';
import { decidingFacts } from '../facts/lib/deciding.ts';
import type { Facts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/lib/identity.ts';
import { type Looked, withLooked } from '../facts/lib/looked.ts';
import type { Finding } from '../guards/guard.ts';
import { applyOverrides, type Override } from '../guards/lib/override.ts';
import { checkRun } from '../guards/registry.ts';
import { stepsOfPhase } from './all-steps.ts';
import { digestOf } from './digest.ts';
import { expectedOf } from './estimate.ts';
import type { Measured } from './expected.ts';
import { type DraftInput, draftPhases, type Round, touchedNodes } from './drafts.ts';
import { unique, withoutConsequences } from './findings.ts';
import { type Chosen, findWay, hopsTarget, type Way } from './hops.ts';
import { asPlanned, binder, type DraftedStep, type PlannedStep } from './bind.ts';
import { type Plan, PLAN_VERSION, type PlanNode, type PlanPhase } from './plan.ts';
import { planHooks } from './hooks.ts';
import { predictPhase } from './predict.ts';
import { RefBook, type StepResult } from './refs.ts';
import { draftWindow } from './window.ts';
import { withQuestions } from './questions.ts';
import type { DraftPhase } from './steps.ts';

export interface PlanInput extends DraftInput {
  readonly runbook: Pick<Loaded<Runbook>, 'file' | 'text' | 'digest' | 'parts'> & { readonly value: Runbook };
  readonly inventory: { readonly value: Inventory; readonly file: string; readonly digest: string };
  readonly facts: Facts;
  /** Nodes that the run contacts; all of them unless given. */
  readonly contacted?: ReadonlySet<string>;
  /** Guards that the runbook's actions declare. */
  readonly guards: readonly string[];
  /** Runs the `check:` of `run:` steps; a plan without any asks nothing. */
  readonly checks: (steps: readonly DraftedStep[]) => Promise<Facts['checks']>;
  /** Reads the files, packages and units that actions look at. */
  readonly look?: (steps: readonly DraftedStep[]) => Promise<Looked | undefined>;
  /** Runs what `require` steps ask; by step key what those printed that do not hold. */
  readonly requirements?: (steps: readonly PlannedStep[]) => Promise<ReadonlyMap<string, string>>;
  readonly overrides?: readonly Override[];
  /** How long steps took in earlier runs. */
  readonly measured?: readonly Measured[];
  /** Patches of hops in between. */
  readonly chosen?: Chosen;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Documents + facts -> plan, for dry run and apply alike. It walks the steps in order on facts carried forward, so that
 * each is judged and guarded on the cluster as it would be by then.
 * @throws Failure (document) when an expression or a `with` turns out wrong on a node.
 */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const { runbook, inventory, inputs, facts } = input;
  const touched = touchedNodes(input, facts);
  const nodes = planNodes(touched, inventory.value, facts, input.contacted);
  const addons = addonsOf(facts);
  const book = new RefBook();
  const bind = binder({ inventory: inventory.value, inputs, nodes, run: 'RUN', ...(addons && { addons }) }, book);
  const drafted: DraftPhase[] = [];
  const findings: Finding[] = [
    ...checkRun({ nodes: guardNodes(input, touched, facts), before: facts, after: facts }, input.guards),
  ];
  if (input.contacted?.size === 0 && nodes.length > 0) findings.push(locked);
  const phases: PlanPhase[] = [];
  const predictions = new Map<string, StepResult>();
  const way = wayOf(input);
  const window = draftWindow(runbook, inputs);
  if (way && way.unused.length > 0) findings.push(behind(way));
  let then = facts;
  for (const round of roundsOf(way)) {
    const drafts = draftPhases(input, bind, then, round, book);
    const steps = drafts.flatMap((draft) => [...draft.steps, ...(draft.always ?? [])]);
    const checks = await input.checks(steps);
    then = withLooked({ ...then, ...(checks && { checks }) }, await input.look?.(steps), true);
    for (const draft of drafts) {
      const changed = phases.some(changesSomething);
      const predicted = predictPhase(draft, then, changed, predictions);
      phases.push(predicted.phase);
      drafted.push(draft);
      findings.push(...predicted.findings, ...(changed ? [] : await unmet(input, draft, predicted.phase)));
      then = predicted.facts;
    }
  }
  const hooks = planHooks(runbook.value, runbook.file, inputs);
  const plan = {
    version: PLAN_VERSION,
    runbook: {
      name: runbook.value.name,
      file: runbook.file,
      digest: runbook.digest,
      text: runbook.text,
      ...(runbook.parts && { parts: runbook.parts.map((part) => partOf(runbook.file, part)) }),
    },
    inventory: { file: inventory.file, digest: inventory.digest, cluster: inventory.value.cluster },
    inputs,
    ...(input.limit === undefined ? {} : { limit: input.limit }),
    ...(input.overrides && input.overrides.length > 0 ? { overrides: input.overrides } : {}),
    ...(way && { way: { from: way.from, through: way.hops.map((hop) => hop.version) } }),
    factsDigest: digestOf(decidingFacts(facts)),
    ...(window && { window }),
    nodes,
    ...(addons && { addons }),
    phases: withQuestions(phases, drafted, facts),
    ...(hooks.length > 0 && { hooks }),
  } as const;
  return {
    ...plan,
    createdAt: new Date(input.now).toISOString(),
    digest: digestOf(plan),
    findings: withoutConsequences(applyOverrides(unique(findings), input.overrides)),
    expected: expectedOf(plan, input.measured ?? [], input.actions),
  };
}

function partOf(runbook: string, part: Part) {
  return { file: partName(runbook, part), kind: part.kind, text: part.text };
}

function wayOf({ runbook, inventory, inputs, facts, chosen }: PlanInput): Way | undefined {
  if (!runbook.value.hops) return undefined;
  return findWay(hopsTarget(runbook.value, inventory.value, inputs, chosen?.via), facts, chosen ?? {});
}

const locked: Finding = {
  guard: 'one-operator',
  severity: 'note',
  summary: 'every step runs on this machine: no node is contacted, and none keeps a lock or a copy of the run',
  remedy:
    'Only this state folder is locked. Make sure that no one starts the same elsewhere; the run is resumed from this folder alone.',
  source: 'the lock of a run lies on the nodes that it contacts',
};

/** Planning already asks what must hold before anything changes, up to the first step that would change something. */
async function unmet(input: PlanInput, draft: DraftPhase, { steps }: PlanPhase): Promise<Finding[]> {
  const end = steps.findIndex((step) => step.predicted.outcome === 'change');
  const asked = steps.slice(0, end === -1 ? undefined : end).flatMap((planned, at) => {
    const step = draft.steps[at];
    return planned.predicted.outcome === 'read' && step?.action.asksAhead ? [asPlanned(step, planned)] : [];
  });
  const answers = asked.length === 0 ? undefined : await input.requirements?.(asked);
  return asked.flatMap(({ key, planned: { id, node } }): Finding[] => {
    const answer = answers?.get(key);
    if (answer === undefined) return [];
    const source = 'the runbook requires it before it changes anything';
    return [{ guard: 'require', severity: 'refuse', node, step: id, summary: answer, remedy: AGAIN, source }];
  });
}

const AGAIN = 'Fix what it names, then give the same command again.';

function behind({ unused, from }: Way): Finding {
  return {
    guard: 'hops',
    severity: 'note',
    summary: `of --set via ${unused.join(', ')} ${unused.length === 1 ? 'is' : 'are'} not used: the cluster is at ${from}`,
    remedy: 'Leave out what lies behind the cluster.',
    source: 'hops: --set via gives the patches of the minors in between',
  };
}

function roundsOf(way: Way | undefined): Round[] {
  const hops = way?.hops ?? [undefined];
  return hops.map((hop, index) => ({ index, named: hops.length > 1, ...(hop && { hop }) }));
}

function changesSomething(phase: PlanPhase): boolean {
  return stepsOfPhase(phase).some((step) => step.predicted.outcome === 'change');
}

/** The nodes that the plan touches and the control planes that it asks about Kubernetes, in the inventory's order. */
function planNodes(
  touched: ReadonlySet<string>,
  inventory: Inventory,
  facts: Facts,
  contacted: ReadonlySet<string> | undefined,
): PlanNode[] {
  return inventory.nodes
    .filter((node) => touched.has(node.name) || (facts.cluster !== undefined && facts.nodes[node.name] !== undefined))
    .map((node) => {
      const object = nodeObjectFor(facts, node.name);
      const { machine, packages } = facts.nodes[node.name] ?? {};
      const known = object !== undefined || packages !== undefined || machine !== undefined;
      const before = {
        unschedulable: object?.unschedulable ?? false,
        held: packages?.held ?? [],
        ...(machine && { boot: bootOf(machine) }),
      };
      const local = contacted?.has(node.name) === false ? { local: true as const } : {};
      const named = object && object.name !== node.name ? { object: object.name } : {};
      return { name: node.name, host: node.host, role: node.role, ...named, ...(known ? { before } : {}), ...local };
    });
}

function guardNodes(input: PlanInput, touched: ReadonlySet<string>, facts: Facts) {
  const leaving = touchedNodes(input, facts, 'leaves');
  const joining = touchedNodes(input, facts, 'joins');
  return input.inventory.value.nodes
    .filter((node) => (touched.has(node.name) && input.contacted?.has(node.name) !== false) || node.role !== 'other')
    .map(({ name, host, role }) => ({
      name,
      host,
      role,
      ...(leaving.has(name) && { leaves: true as const }),
      ...(joining.has(name) && { joins: true as const }),
    }));
}
