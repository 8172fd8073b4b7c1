import type { Action } from '../actions/action.ts';
import { evaluateTemplate, factsIn } from '../documents/expressions.ts';
import { itemsFor } from '../documents/for-each.ts';
import { conditionsIn, type Frame, scopeIn, templatesIn } from '../documents/frame.ts';
import type { Inventory, Runbook, Step } from '../documents/model.ts';
import { stepsOf } from '../documents/steps-of.ts';
import type { FactId } from '../facts/facts.ts';
import { isClusterFact } from '../facts/lib/kinds.ts';
import type { Guard } from '../guards/guard.ts';
import { stepsOfPlan } from './all-steps.ts';
import { factsOfGate } from './gate.ts';
import { factsOfTemplates } from './filled.ts';
import type { Plan } from './plan.ts';
import { scopeFor } from './scope.ts';

const MINOR = /^v?(\d+\.\d+)/;

/** What the way through the minors is found by. */
const FACTS_OF_HOPS: readonly FactId[] = ['nodes', 'apiServers', 'kubeadmConfig', 'staticPods', 'binaries', 'offered'];

/** What must be observed before a plan can be made. */
export interface Needs {
  readonly facts: readonly FactId[];
  readonly guards: readonly string[];
  /** Minors (`1.32`) whose package repositories are asked; those of hops show only when the cluster is known. */
  readonly minors: readonly string[];
}

/** The facts and guards that the runbook's actions and expressions declare: `run:` steps ask for no Kubernetes. */
export function needsOf(
  runbook: Runbook,
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  actions: ReadonlyMap<string, Action>,
  guards: ReadonlyMap<string, Guard>,
): Needs {
  const facts = new Set<FactId>();
  const asked = new Set<string>();
  const minors = new Set<string>();
  const hasKubernetes = inventory.nodes.some(({ role }) => role === 'control-plane');
  if (runbook.hops) for (const id of FACTS_OF_HOPS) facts.add(id);
  for (const phase of runbook.phases) {
    if (phase.if !== undefined) for (const id of factsIn(phase.if, true)) facts.add(id);
    for (const id of factsOfGate(phase)) facts.add(id);
    for (const id of factsIn([phase.serial, phase.maxFailures, phase.pause])) facts.add(id);
    for (const id of factsOfFrame(phase.frame)) facts.add(id);
    for (const step of stepsOf(phase)) {
      for (const id of factsOfExpressions(step)) facts.add(id);
      if (step.kind !== 'uses') continue;
      const action = actions.get(step.uses);
      for (const id of action?.facts ?? []) facts.add(id);
      // Also where an expression decides it.
      if (action?.fills && (step.with[action.fills.when] ?? false) !== false)
        for (const id of factsOfTemplates(hasKubernetes)) facts.add(id);
      for (const id of action?.guards ?? []) asked.add(id);
      const names = action && namesRelease(action, step.with);
      if (names === true) for (const minor of minorsOf(step, inventory, inputs)) minors.add(minor);
    }
  }
  for (const id of asked) for (const fact of guards.get(id)?.facts ?? []) facts.add(fact);
  if ([...facts].some(isClusterFact)) for (const id of ['machine', 'kubelet'] as const) facts.add(id);
  return { facts: [...facts].toSorted(), guards: [...asked].toSorted(), minors: [...minors].toSorted() };
}

/**
 * Does a step need the node that it is about? Not where it runs on the operator's machine, or only asks a person, and
 * its expressions name nothing that would have to be read there.
 */
export function needsItsNode(step: Step, actions: ReadonlyMap<string, Action>): boolean {
  const action = step.kind === 'uses' ? actions.get(step.uses) : undefined;
  const on = step.kind === 'run' ? step.on : action?.placeOf && step.with.on;
  return (on !== 'local' && action?.asks === undefined) || factsOfExpressions(step).length > 0;
}

function factsOfExpressions(step: Step): readonly FactId[] {
  const templates = step.kind === 'uses' ? step.with : { run: step.run, args: step.args, check: step.check };
  const condition = step.if === undefined ? [] : factsIn(step.if, true);
  const own = factsIn({ ...templates, name: step.name, env: step.env });
  return [...condition, ...own, ...factsIn(step.forEach), ...factsOfFrame(step.frame)];
}

function factsOfFrame(frame: Frame | undefined): readonly FactId[] {
  return [
    ...templatesIn(frame).flatMap((one) => factsIn(one)),
    ...conditionsIn(frame).flatMap((one) => factsIn(one, true)),
  ];
}

/** Is the step's `version` a release of Kubernetes? Where only an expression could say, it may be. */
function namesRelease(action: Action, options: Readonly<Record<string, unknown>>): boolean {
  return action.ofRelease?.(options) ?? true;
}

/** A `version` that only a node's facts would show is left out: what it offers is not read ahead. */
function minorsOf(
  step: Extract<Step, { kind: 'uses' }>,
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
): string[] {
  const own = scopeIn(step.frame, scopeFor(inventory, inputs, { nodes: {} }));
  if (!own.ok) return [];
  const items = itemsFor(step, own.value);
  return (items.ok ? items.value : []).flatMap((each) => {
    const value = evaluateTemplate(step.with.version, each ? { ...own.value, each } : own.value);
    const match = value.ok && typeof value.value === 'string' ? MINOR.exec(value.value) : null;
    return match?.[1] ?? [];
  });
}

/** The minors that the scripts of a frozen plan ask for. */
export function minorsOfPlan(plan: Plan, actions: ReadonlyMap<string, Action>): string[] {
  const versions = stepsOfPlan(plan).map(({ action: name, with: options }) => {
    const action = actions.get(name);
    return action && !namesRelease(action, options) ? undefined : options.version;
  });
  const minors = versions.map((version) => (typeof version === 'string' ? MINOR.exec(version)?.[1] : undefined));
  return [...new Set(minors.filter((minor) => minor !== undefined))].toSorted();
}
