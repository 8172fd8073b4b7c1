import { evaluateCondition } from '../documents/expressions.ts';
import type { Inventory } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import type { Finding } from '../guards/guard.ts';
import { checkStep } from '../guards/registry.ts';
import {
  actionOf,
  type Checks,
  contextOf,
  isAhead,
  judge,
  type JudgeSetting,
  needlessOutage,
  project,
} from './judge.ts';
import type { PlanHop, PlanPhase, PlanStep, Prediction } from './plan.ts';
import { scopeFor } from './scope.ts';
import type { DraftPhase, DraftStep } from './steps.ts';

interface Predicted {
  readonly phase: PlanPhase;
  readonly facts: Facts;
  readonly findings: readonly Finding[];
}

/** Judges a phase's steps in the order of work, carrying the facts forward through those that would change something. */
export function predictPhase(
  setting: JudgeSetting,
  draft: DraftPhase,
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  start: Facts,
  checks: Checks,
  /** An earlier phase would change something. */
  changed: boolean,
): Predicted {
  const steps: PlanStep[] = [];
  const findings: Finding[] = [];
  let facts = start;
  // What follows an outage decides whether it is needed, so the scripts of the whole phase are known first.
  const unjudged = draft.steps.map((step) => frozen(setting, step, start, { outcome: 'change', reason: '' }));
  for (const step of draft.steps) {
    const predicted = awaited(
      predict(setting, step, unjudged, inventory, inputs, facts, checks, draft.hop),
      step,
      changed || steps.some(willChange),
    );
    const planned = frozen(setting, step, facts, predicted);
    steps.push(planned);
    if (predicted.outcome !== 'change') continue;
    const after = project(setting, planned, facts);
    findings.push(...guarded(setting, planned, facts, after));
    facts = after;
  }
  const { number, name, phase, batches, hop } = draft;
  const planned = { number, name, batches, maxFailures: phase.maxFailures, steps, ...(hop && { hop }) };
  return { phase: planned, facts, findings };
}

function willChange(step: PlanStep): boolean {
  return step.predicted.outcome === 'change';
}

/** A step that only waits is not done ahead of the changes whose effect it waits for, whatever the carried facts say. */
function awaited(prediction: Prediction, step: DraftStep, afterChange: boolean): Prediction {
  const waits = step.effect === 'none' && prediction.outcome === 'unchanged' && afterChange;
  return waits ? { outcome: 'read', reason: `until ${prediction.reason}` } : prediction;
}

/** The step with its script and commands, as they come out on these facts. */
function frozen(setting: JudgeSetting, draft: DraftStep, facts: Facts, predicted: Prediction): PlanStep {
  const { run, ownTimeout, ...step } = draft;
  const bare: PlanStep = { ...step, commands: [], predicted };
  if (run !== undefined) return { ...bare, commands: commandLines(run), script: run };
  const action = actionOf(setting, bare);
  if (!action) return bare;
  const limit = ownTimeout === true ? { limit: bare.timeout } : {};
  const context = { ...contextOf(setting, action, bare, facts), ...limit };
  const unsupported = action.unsupported?.(context);
  if (unsupported !== undefined) throw new Failure('guard-refused', `${step.id} on ${step.node}: ${unsupported}`);
  const timeout = ownTimeout === true ? bare.timeout : (action.timeoutOf?.(context) ?? bare.timeout);
  const script = action.script?.(context);
  if (script) return { ...bare, timeout, commands: script.commands, script: script.text };
  return { ...bare, timeout, commands: action.waitsFor?.(context) ?? [] };
}

function commandLines(run: string): string[] {
  return run.trimEnd().split('\n');
}

function predict(
  setting: JudgeSetting,
  draft: DraftStep,
  phase: readonly PlanStep[],
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  facts: Facts,
  checks: Checks,
  hop: PlanHop | undefined,
): Prediction {
  const step = phase.find((candidate) => candidate.id === draft.id && candidate.node === draft.node);
  if (!step) throw new Error(`step ${draft.id} is not of its phase`);
  if (step.if !== undefined && !holds(step, step.if, inventory, inputs, facts, hop)) {
    return { outcome: 'skipped', reason: `its condition is false: ${step.if}` };
  }
  if (isAhead(setting, step)) {
    const needless = needlessOutage(setting, phase, step, facts, checks);
    if (needless) return { outcome: 'unchanged', reason: needless.reason };
  }
  const verdict = judge(setting, step, facts, checks);
  if (verdict.done) return { outcome: 'unchanged', reason: verdict.reason };
  const reads = step.effect === 'none' || (step.script === undefined && step.action !== 'run');
  return { outcome: reads ? 'read' : 'change', reason: verdict.reason };
}

function holds(
  step: PlanStep,
  condition: string,
  inventory: Inventory,
  inputs: Readonly<Record<string, unknown>>,
  facts: Facts,
  hop: PlanHop | undefined,
): boolean {
  const node = inventory.nodes.find((candidate) => candidate.name === step.node);
  const result = evaluateCondition(condition, scopeFor(inventory, inputs, facts, node, step.env, hop));
  if (result.ok) return result.value;
  throw new Failure('document', `${step.id} on ${step.node}: if: ${result.error.message}`);
}

function guarded(setting: JudgeSetting, step: PlanStep, before: Facts, after: Facts): readonly Finding[] {
  const action = actionOf(setting, step);
  if (!action) return [];
  const { node, nodes, with: options } = contextOf(setting, action, step, before);
  return checkStep({ nodes, before, after, step: { id: step.id, node, action, with: options } }, action.guards);
}
