import { isBad, type Outcome, type RunEvent } from '../event.ts';
import type { AttemptEnd } from '../journal/record.ts';
import type { Plan, PlanPhase, PlanStep } from '../plan/plan.ts';
import { stepKey } from '../plan/key.ts';
import type { Attributes } from './span.ts';

/*
 * Names in cicd, k8s, process and error are those of OpenTelemetry's semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/registry/attributes/); those in runbook are our own.
 * Reasons are left out: they may quote what a command printed.
 */

export type RunOutcome = Extract<RunEvent, { type: 'run-finished' }>['outcome'];

const RUN_RESULTS: Readonly<Record<RunOutcome, string>> = {
  done: 'success',
  failed: 'failure',
  refused: 'failure',
  stopped: 'cancellation',
  paused: 'cancellation',
};

const STEP_RESULTS: Readonly<Record<Outcome, string>> = {
  changed: 'success',
  unchanged: 'success',
  skipped: 'skip',
  failed: 'failure',
  unknown: 'error',
};

export function ofRun(plan: Plan, run: string, part: number, outcome: RunOutcome | undefined): Attributes {
  return {
    'cicd.pipeline.action.name': 'RUN',
    'cicd.pipeline.name': plan.runbook.name,
    'cicd.pipeline.run.id': run,
    'cicd.pipeline.result': outcome === undefined ? 'error' : RUN_RESULTS[outcome],
    'k8s.cluster.name': plan.inventory.cluster,
    'runbook.plan.digest': plan.digest,
    'runbook.run.part': part,
    ...(outcome !== undefined && { 'runbook.outcome': outcome }),
    ...(outcome !== 'done' && outcome !== 'paused' && { 'error.type': outcome ?? 'interrupted' }),
  };
}

export function ofPhase({ number, name, hop }: PlanPhase, outcome: Outcome | undefined): Attributes {
  return {
    'runbook.phase.number': number,
    'runbook.phase.name': name,
    ...(hop && { 'runbook.hop.version': hop.version }),
    ...ofOutcome(outcome),
  };
}

export function ofNode({ nodes }: Plan, name: string, outcome: Outcome | undefined): Attributes {
  const node = nodes.find((one) => one.name === name);
  return {
    'k8s.node.name': node?.object ?? name,
    'runbook.node.name': name,
    ...(node && { 'runbook.node.role': node.role }),
    ...ofOutcome(outcome),
  };
}

export function ofStep(step: PlanStep, outcome: Outcome | undefined): Attributes {
  return {
    'cicd.pipeline.task.name': step.title,
    'cicd.pipeline.task.run.id': stepKey(step.node, step.id),
    ...(outcome !== undefined && { 'cicd.pipeline.task.run.result': STEP_RESULTS[outcome] }),
    'runbook.node.name': step.node,
    'runbook.step.id': step.id,
    'runbook.step.action': step.action,
    ...ofOutcome(outcome),
  };
}

/** `end`: undefined where it runs on, or where no one knows. */
export function ofAttempt(step: PlanStep, number: number, host: string | undefined, end?: AttemptEnd): Attributes {
  const problem = problemOf(end);
  return {
    'cicd.pipeline.task.run.id': stepKey(step.node, step.id),
    'runbook.step.id': step.id,
    'runbook.attempt.number': number,
    ...(host !== undefined && { 'runbook.attempt.host': host }),
    'runbook.attempt.end': end?.kind ?? 'left-running',
    ...(end?.kind === 'exited' && { 'process.exit.code': end.code }),
    ...(problem !== undefined && { 'error.type': end?.kind === 'exited' ? String(end.code) : (end?.kind ?? '') }),
  };
}

/** What went wrong with an attempt, without a word of what it printed. */
export function problemOf(end: AttemptEnd | undefined): string | undefined {
  switch (end?.kind) {
    case undefined:
      return undefined;
    case 'exited':
      return end.code === 0 ? undefined : `exit status ${end.code}`;
    case 'timed-out':
      return 'its time limit was over';
    case 'cancelled':
      return 'it was cancelled';
    case 'interrupted':
      return end.rebooted ? 'the node rebooted' : 'it was killed';
    case 'never-ran':
      return 'it never ran';
    case 'refused':
      return 'the node refused the claim';
  }
}

function ofOutcome(outcome: Outcome | undefined): Attributes {
  return {
    ...(outcome !== undefined && { 'runbook.outcome': outcome }),
    ...(outcome !== undefined && isBad(outcome) && { 'error.type': outcome }),
  };
}
