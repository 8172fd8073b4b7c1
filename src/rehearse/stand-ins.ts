import type { Action } from '../actions/action.ts';
import type { DraftedStep, PlannedStep } from '../plan/bind.ts';
import { type BoundPhase, Rows } from '../plan/bind.ts';

/** What is taken of a step that a rehearsal does not do. */
export interface Assumed {
  readonly exit: number;
  readonly outputs: Readonly<Record<string, string>>;
  /** The runbook says so; else it is taken to succeed. */
  readonly declared?: true;
}

const SUCCESS: Assumed = { exit: 0, outputs: {} };

/**
 * What is assumed of a step: what the runbook declares, and success of whatever is not simulated: the runbook's own
 * commands, what runs on the operator's machine or moves files from or to it. Undefined: it is simulated.
 */
export function assumedOf({ action, place, planned }: PlannedStep): Assumed | undefined {
  const { rehearse } = planned;
  if (rehearse) return { exit: rehearse.exit ?? 0, outputs: rehearse.outputs ?? {}, declared: true };
  const isOwn = action.name === 'run' || action.shellKeys !== undefined;
  const movesFiles = action.sends !== undefined || action.fetches !== undefined;
  return isOwn || place === 'local' || movesFiles ? SUCCESS : undefined;
}

/** The phases with a stand-in for each step that is not done, and without gates: they hold. */
export function withStandIns(phases: readonly BoundPhase[]): BoundPhase[] {
  return phases.map(({ phase: { gate: _gate, ...phase }, steps }) => {
    const [all, own, ends] = [new Rows<DraftedStep>(), new Rows<PlannedStep>(), new Rows<PlannedStep>()];
    const played = steps.map((step) => {
      const row = all.of(step.node.name);
      const other = { ...(assumedOf(step) === undefined ? step : standIn(step)), row };
      row.push(other);
      (step.scope.failed === undefined ? own : ends).of(step.node.name).push(other);
      return other;
    });
    return { phase, steps: played, rows: own.all, ends: ends.all };
  });
}

/** Its place, condition and limits stay, and whether it takes its node out of service; it reads and asks nothing. */
function standIn(step: PlannedStep): PlannedStep {
  const { check: _check, secrets: _secrets, deferred: _deferred, asksFor: _asks, ...rest } = step;
  const { action } = step;
  const { name, summary, schema, place, effect, timeout, onTimeout, service } = action;
  const { outcome, reason } = step.planned.predicted;
  const stand: Action = {
    name,
    summary,
    schema,
    place,
    effect,
    timeout,
    onTimeout,
    settle: 0,
    facts: [],
    guards: [],
    ...(service && { service }),
    script: () => ({ commands: step.commands, text: NOTHING }),
    isDone: () => (outcome === 'unchanged' ? { done: true, reason } : { done: false, reason: 'it is not rehearsed' }),
    verify: () => ({ done: true, reason: 'not rehearsed: taken to succeed' }),
    project: (context) => action.project(context),
  };
  return { ...rest, action: stand, script: NOTHING };
}

const NOTHING = ':\n';
