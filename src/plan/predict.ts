import { Failure } from '../failure.ts';
import type { Facts } from '../facts/facts.ts';
import type { Finding } from '../guards/guard.ts';
import { atEnd, contextOf, type DraftedStep, isAtEnd } from './bind.ts';
import { conditionHolds, type Decision, decideStep } from './decide.ts';
import type { PlanPhase, PlanStep, Prediction } from './plan.ts';
import type { ResultOf, StepResult } from './refs.ts';
import { isUndecided } from './step-scope.ts';
import type { DraftPhase } from './steps.ts';

interface Predicted {
  readonly phase: PlanPhase;
  readonly facts: Facts;
  readonly findings: readonly Finding[];
}

/** Decides a phase's steps in the order of work, carrying facts forward through those that would change something. */
export function predictPhase(
  draft: DraftPhase,
  start: Facts,
  /** An earlier phase would change something. */
  changed: boolean,
  /** By step key, of the steps so far; it grows. */
  predictions: Map<string, StepResult>,
): Predicted {
  const steps: PlanStep[] = [];
  const always: PlanStep[] = [];
  const findings: Finding[] = [];
  const results = (key: string) => predictions.get(key);
  let facts = start;
  let changes = changed;
  for (const step of inOrder(draft)) {
    const decision = decideStep(step, facts, { guards: onlyReads(step) ? [] : step.action.guards, results });
    const isOpen = isUndecided(step, results);
    const predicted = ofFailure(step, facts, results, predictionOf(step, decision, changes, isOpen));
    if (!isOpen) predictions.set(step.key, { outcome: OUTCOMES[predicted.outcome], outputs: {} });
    (isAtEnd(step) ? always : steps).push(frozen(step, facts, predicted));
    if (predicted.outcome !== 'change' || !('after' in decision)) continue;
    changes = true;
    findings.push(...decision.findings);
    facts = decision.after;
  }
  const { number, name, batches, maxFailures, pause, gate, hop, skipped } = draft;
  const planned = {
    number,
    name,
    batches,
    maxFailures,
    steps,
    ...(draft.always && { always }),
    ...(pause !== undefined && { pause }),
    ...(gate && { gate }),
    ...(hop && { hop }),
    ...(skipped !== undefined && { skipped }),
  };
  return { phase: planned, facts, findings };
}

/** A node ends with its `always` steps before the next one begins. */
function inOrder({ steps, always }: DraftPhase): readonly DraftedStep[] {
  return always ? [...new Set([...steps, ...always].map((step) => step.row))].flat() : steps;
}

/** Planning takes it that nothing fails; which steps are for that alone is worth a word. */
function ofFailure(step: DraftedStep, facts: Facts, results: ResultOf, predicted: Prediction): Prediction {
  if (!isAtEnd(step) || predicted.outcome !== 'skipped') return predicted;
  if (!conditionHolds(atEnd(step, true), facts, { results })) return predicted;
  return { outcome: 'skipped', reason: 'only where the node failed' };
}

const OUTCOMES = { change: 'changed', unchanged: 'unchanged', skipped: 'skipped', read: 'unchanged' } as const;

function predictionOf(step: DraftedStep, decision: Decision, afterChange: boolean, isOpen: boolean): Prediction {
  const reason = isOpen ? `decided when it is reached: ${step.if ?? ''}` : decision.reason;
  switch (decision.kind) {
    case 'skip':
      return { outcome: 'skipped', reason };
    case 'done':
      // A step that only waits is not done before the changes whose effect it awaits, whatever the carried facts say.
      if (step.effect === 'none' && afterChange) return { outcome: 'read', reason: `until ${reason}` };
      return { outcome: 'unchanged', reason };
    case 'refused':
    case 'wait':
    case 'ask':
    case 'go':
      return { outcome: onlyReads(step) ? 'read' : 'change', reason };
  }
}

function onlyReads({ effect, action }: DraftedStep): boolean {
  return effect === 'none' || !action.script;
}

/** The step with its script and commands, as they come out on these facts. */
function frozen(step: DraftedStep, facts: Facts, predicted: Prediction): PlanStep {
  const { draft, action, ownTimeout, timeout: given } = step;
  const context = { ...contextOf(step, facts), ...(ownTimeout === true ? { limit: given } : {}) };
  const unsupported = action.unsupported?.(context);
  if (unsupported !== undefined) throw new Failure('guard-refused', `${step.id} on ${step.node.name}: ${unsupported}`);
  const timeout = ownTimeout === true ? given : (action.timeoutOf?.(context) ?? given);
  const script = action.script?.(context);
  if (context.filled?.error !== undefined && predicted.outcome !== 'skipped')
    throw new Failure('document', `${step.id} on ${step.node.name}: ${context.filled.error}`);
  const filled = context.filled?.sha256 === undefined ? {} : { filled: context.filled.sha256 };
  if (script) return { ...draft, ...filled, timeout, predicted, commands: script.commands, script: script.text };
  return { ...draft, timeout, predicted, commands: action.waitsFor?.(context) ?? [] };
}
