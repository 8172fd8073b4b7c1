import type { Action } from '../actions/action.ts';
import { bootOf } from '../actions/reboot.ts';
import { evaluateCondition } from '../documents/expressions.ts';
import type { Inventory, InventoryNode, Phase, Runbook } from '../documents/model.ts';
import { selectNodes } from '../documents/selectors.ts';
import { Failure } from '../failure.ts';
import { decidingFacts } from '../facts/deciding.ts';
import type { Facts } from '../facts/facts.ts';
import { nodeObjectFor } from '../facts/identity.ts';
import type { Finding } from '../guards/guard.ts';
import { applyOverrides, type Override } from '../guards/override.ts';
import { checkRun } from '../guards/registry.ts';
import { digestOf } from './digest.ts';
import { type Checks, type JudgeSetting, settingsOf } from './judge.ts';
import { type Plan, PLAN_VERSION, type PlanNode, type PlanPhase } from './plan.ts';
import { predictPhase } from './predict.ts';
import { scopeFor } from './scope.ts';
import { type DraftPhase, type DraftStep, draftStep } from './steps.ts';

export interface PlanInput {
  readonly runbook: { readonly value: Runbook; readonly file: string; readonly text: string; readonly digest: string };
  readonly inventory: { readonly value: Inventory; readonly file: string; readonly digest: string };
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly limit?: string;
  readonly facts: Facts;
  readonly actions: ReadonlyMap<string, Action>;
  /** Guards that the runbook's actions declare. */
  readonly guards: readonly string[];
  /** Runs the `check:` of `run:` steps; a plan without any asks nothing. */
  readonly checks: (steps: readonly DraftStep[]) => Promise<Checks>;
  readonly overrides?: readonly Override[];
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
  const drafts = draftPhases(input);
  const checks = await input.checks(drafts.flatMap((draft) => draft.steps));
  const nodes = planNodes(drafts, inventory.value, facts);
  const setting: JudgeSetting = {
    actions: input.actions,
    nodes,
    settings: settingsOf(inventory.value),
    run: 'RUN',
  };
  const findings: Finding[] = [
    ...checkRun({ nodes: guardNodes(drafts, inventory.value), before: facts, after: facts }, input.guards),
  ];
  const phases: PlanPhase[] = [];
  let then = facts;
  for (const draft of drafts) {
    const predicted = predictPhase(
      setting,
      draft,
      inventory.value,
      inputs,
      then,
      checks,
      phases.some(changesSomething),
    );
    phases.push(predicted.phase);
    findings.push(...predicted.findings);
    then = predicted.facts;
  }
  const plan = {
    version: PLAN_VERSION,
    runbook: { name: runbook.value.name, file: runbook.file, digest: runbook.digest, text: runbook.text },
    inventory: { file: inventory.file, digest: inventory.digest, cluster: inventory.value.cluster },
    inputs,
    ...(input.limit === undefined ? {} : { limit: input.limit }),
    ...(input.overrides && input.overrides.length > 0 ? { overrides: input.overrides } : {}),
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

function changesSomething(phase: PlanPhase): boolean {
  return phase.steps.some((step) => step.predicted.outcome === 'change');
}

function draftPhases(input: PlanInput): DraftPhase[] {
  const { inputs, facts, actions } = input;
  const inventory = input.inventory.value;
  if (input.runbook.value.hops) {
    throw new Failure(
      'document',
      `${input.runbook.file}: several minors in one go (\`hops\`) is not available in this version`,
      ['Go one minor at a time: `runbook apply upgrade.yaml --set version=...` once per minor.'],
    );
  }
  return input.runbook.value.phases.flatMap((phase, index) => {
    if (phase.if !== undefined && !phaseHolds(phase, phase.if, input)) return [];
    const chosen = chooseNodes(phase, inventory, input.limit);
    const steps = chosen.flatMap((node) =>
      phase.steps.map((step, place) =>
        draftStep(step, `${index + 1}.${place + 1}`, node, inventory, inputs, facts, actions),
      ),
    );
    return [{ number: index + 1, phase, batches: batchesOf(chosen, phase.serial), steps }];
  });
}

function phaseHolds(phase: Phase, condition: string, input: PlanInput): boolean {
  const result = evaluateCondition(condition, scopeFor(input.inventory.value, input.inputs, input.facts));
  if (result.ok) return result.value;
  throw new Failure('document', `${phase.span.file}:${phase.span.line}:${phase.span.column}: ${result.error.message}`);
}

function chooseNodes(phase: Phase, inventory: Inventory, limit: string | undefined): readonly InventoryNode[] {
  const chosen = selected(phase.nodes, inventory);
  if (limit === undefined) return chosen;
  const allowed = new Set(selected([limit], inventory).map((node) => node.name));
  return chosen.filter((node) => allowed.has(node.name));
}

function selected(patterns: readonly string[], inventory: Inventory): readonly InventoryNode[] {
  const result = selectNodes(patterns, inventory);
  const [problem] = result.problems;
  if (problem) throw new Failure('document', problem.message, problem.detail === undefined ? [] : [problem.detail]);
  return result.nodes;
}

/** Batches of `serial` nodes; a percentage is of the phase's nodes, rounded down, at least one. */
export function batchesOf(nodes: readonly { readonly name: string }[], serial: Phase['serial']): string[][] {
  const size =
    typeof serial === 'number' ? serial : Math.max(1, Math.floor((nodes.length * Number.parseFloat(serial)) / 100));
  const batches: string[][] = [];
  for (let at = 0; at < nodes.length; at += size) batches.push(nodes.slice(at, at + size).map((node) => node.name));
  return batches;
}

/** Every node that the plan touches, and, where it asks for Kubernetes, the control planes that it asks. In the inventory's order. */
function planNodes(drafts: readonly DraftPhase[], inventory: Inventory, facts: Facts): PlanNode[] {
  const touched = new Set(drafts.flatMap((draft) => draft.batches.flat()));
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

function guardNodes(drafts: readonly DraftPhase[], inventory: Inventory) {
  const touched = new Set(drafts.flatMap((draft) => draft.batches.flat()));
  return inventory.nodes
    .filter((node) => touched.has(node.name) || node.role !== 'other')
    .map(({ name, host, role }) => ({ name, host, role }));
}

/** The same rule on the same node for the same reason is told once: where it is worst, else at its first step. */
function unique(findings: readonly Finding[]): Finding[] {
  const told = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.guard}\n${finding.node ?? ''}\n${finding.summary}`;
    const known = told.get(key);
    if (!known || weight[finding.severity] > weight[known.severity]) told.set(key, finding);
  }
  return [...told.values()];
}

const weight = { note: 0, warn: 1, refuse: 2 } as const;

/** Rules about versions: once one refuses a step, what they say of later steps mostly follows from it. */
const VERSION_RULES = /^(skew-|no-skipped-minor$|no-downgrade$|kubeadm-version$|repository-offers$)/;

/** Keeps the refusals of version rules at the first refused step, and says how many more follow from them. */
function withoutConsequences(findings: readonly Finding[]): Finding[] {
  const versionRefusals = findings.filter((one) => one.severity === 'refuse' && VERSION_RULES.test(one.guard));
  const first = versionRefusals[0]?.step;
  const later = versionRefusals.filter((one) => one.step !== first);
  if (first === undefined || later.length === 0) return [...findings];
  const more: Finding = {
    guard: 'version-rules',
    severity: 'note',
    summary: `${later.length} more refusals by version rules at later steps are left out: they follow from ${first}`,
    remedy: `Mend ${first} first; what is left then shows in the next plan.`,
    source: 'Kubernetes version skew policy',
  };
  return [...findings.filter((one) => !later.includes(one)), more];
}
