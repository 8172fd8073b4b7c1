import { bootOf } from '../actions/reboot.ts';
import type { Inventory, Runbook } from '../documents/model.ts';
import { decidingFacts } from '../facts/deciding.ts';
import type { Facts, FileFacts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/identity.ts';
import type { Finding } from '../guards/guard.ts';
import { applyOverrides, type Override } from '../guards/override.ts';
import { checkRun } from '../guards/registry.ts';
import { digestOf } from './digest.ts';
import { type DraftInput, draftPhases, type Round, touchedNodes } from './drafts.ts';
import { unique, withoutConsequences } from './findings.ts';
import { type Chosen, findWay, hopsTarget, type Way } from './hops.ts';
import { type Checks, type JudgeSetting, settingsOf } from './judge.ts';
import { type Plan, PLAN_VERSION, type PlanNode, type PlanPhase } from './plan.ts';
import { predictPhase } from './predict.ts';
import type { DraftStep } from './steps.ts';

export interface PlanInput extends DraftInput {
  readonly runbook: { readonly value: Runbook; readonly file: string; readonly text: string; readonly digest: string };
  readonly inventory: { readonly value: Inventory; readonly file: string; readonly digest: string };
  readonly facts: Facts;
  /** Guards that the runbook's actions declare. */
  readonly guards: readonly string[];
  /** Runs the `check:` of `run:` steps; a plan without any asks nothing. */
  readonly checks: (steps: readonly DraftStep[]) => Promise<Checks>;
  /** Reads the files that actions look at. */
  readonly files?: (setting: JudgeSetting, steps: readonly DraftStep[]) => Promise<FileFacts | undefined>;
  readonly overrides?: readonly Override[];
  /** Patches of hops in between. */
  readonly chosen?: Chosen;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Documents + facts -> plan, for dry run and apply alike. It walks the steps in order on facts that are carried forward, so that each
 * is judged and guarded on the cluster as it would be by then.
 * @throws Failure (document) when an expression or a `with` turns out wrong on a node.
 */
export async function makePlan(input: PlanInput): Promise<Plan> {
  const { runbook, inventory, inputs, facts } = input;
  const touched = touchedNodes(input, facts);
  const nodes = planNodes(touched, inventory.value, facts);
  const setting: JudgeSetting = {
    actions: input.actions,
    nodes,
    settings: settingsOf(inventory.value),
    run: 'RUN',
  };
  const findings: Finding[] = [
    ...checkRun({ nodes: guardNodes(input, touched, facts), before: facts, after: facts }, input.guards),
  ];
  const phases: PlanPhase[] = [];
  const way = wayOf(input);
  if (way && way.unused.length > 0) findings.push(behind(way));
  let then = facts;
  for (const round of roundsOf(way)) {
    const drafts = draftPhases(input, then, round);
    const steps = drafts.flatMap((draft) => draft.steps);
    const checks = await input.checks(steps);
    const files = await input.files?.(setting, steps);
    if (files) then = { ...then, files };
    for (const draft of drafts) {
      const changed = phases.some(changesSomething);
      const predicted = predictPhase(setting, draft, inventory.value, inputs, then, checks, changed);
      phases.push(predicted.phase);
      findings.push(...predicted.findings);
      then = predicted.facts;
    }
  }
  const plan = {
    version: PLAN_VERSION,
    runbook: { name: runbook.value.name, file: runbook.file, digest: runbook.digest, text: runbook.text },
    inventory: { file: inventory.file, digest: inventory.digest, cluster: inventory.value.cluster },
    inputs,
    ...(input.limit === undefined ? {} : { limit: input.limit }),
    ...(input.overrides && input.overrides.length > 0 ? { overrides: input.overrides } : {}),
    ...(way && { way: { from: way.from, through: way.hops.map((hop) => hop.version) } }),
    factsDigest: digestOf(decidingFacts(facts)),
    nodes,
    phases,
  } as const;
  return {
    ...plan,
    createdAt: new Date(input.now).toISOString(),
    digest: digestOf(plan),
    findings: withoutConsequences(applyOverrides(unique(findings), input.overrides)),
  };
}

function wayOf({ runbook, inventory, inputs, facts, chosen }: PlanInput): Way | undefined {
  if (!runbook.value.hops) return undefined;
  return findWay(hopsTarget(runbook.value, inventory.value, inputs, chosen?.via), facts, chosen ?? {});
}

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
  return phase.steps.some((step) => step.predicted.outcome === 'change');
}

/** Every node that the plan touches, and, where it asks for Kubernetes, the control planes that it asks. In the inventory's order. */
function planNodes(touched: ReadonlySet<string>, inventory: Inventory, facts: Facts): PlanNode[] {
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
      return { name: node.name, host: node.host, role: node.role, ...(known ? { before } : {}) };
    });
}

function guardNodes(input: PlanInput, touched: ReadonlySet<string>, facts: Facts) {
  const leaving = touchedNodes(input, facts, 'remove-node');
  const joining = touchedNodes(input, facts, 'join-node');
  return input.inventory.value.nodes
    .filter((node) => touched.has(node.name) || node.role !== 'other')
    .map(({ name, host, role }) => ({
      name,
      host,
      role,
      ...(leaving.has(name) && { leaves: true as const }),
      ...(joining.has(name) && { joins: true as const }),
    }));
}
