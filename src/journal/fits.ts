import { stepsOfPlan } from '../plan/all-steps.ts';
import { mayRunOn } from '../plan/hosts.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { JournalRecord } from './record.ts';

/** A record that cannot be of a run of this plan. */
export interface Misfit {
  readonly seq: number;
  readonly problem: string;
}

/** The first record that cannot be of that run of that plan: another step, node, host or attempt than it can have. */
export function misfitIn(records: readonly JournalRecord[], run: string, plan: Plan): Misfit | undefined {
  const steps = new Map(stepsOfPlan(plan).map((step) => [stepKey(step.node, step.id), step] as const));
  const attempts = new Map<PlanStep, number>();
  let epoch = 0;
  for (const record of records) {
    const step = 'step' in record ? steps.get(stepKey(record.node, record.step)) : undefined;
    if ('step' in record && !step) return misfit(record, `the plan has no step ${stepKey(record.node, record.step)}`);
    if (record.type === 'pass-started') {
      const unknown = record.again.find((id) => !steps.has(stepKey(record.node, id)));
      if (unknown !== undefined) return misfit(record, `the plan has no step ${stepKey(record.node, unknown)}`);
    }
    if ((record.type === 'run-started') !== (record.seq === 1))
      return misfit(record, 'a journal begins with run-started, and has one of it');
    if (record.type === 'run-started' && (record.run !== run || record.plan !== plan.digest))
      return misfit(record, `it is of run ${record.run} with the plan ${record.plan}`);
    if (record.type === 'run-started' || record.type === 'run-resumed') {
      if (record.epoch <= epoch) return misfit(record, `its epoch is ${record.epoch}, after ${epoch}`);
      ({ epoch } = record);
    }
    if (record.type === 'attempt-started' && step) {
      const last = attempts.get(step) ?? 0;
      if (record.attempt <= last) return misfit(record, `it starts attempt ${record.attempt}, after attempt ${last}`);
      if (!mayRunOn(plan, step, record.host)) return misfit(record, `that step does not run on ${record.host}`);
      attempts.set(step, record.attempt);
    }
    if (record.type === 'attempt-ended' && step && record.attempt !== attempts.get(step))
      return misfit(record, `attempt ${record.attempt} of that step was not started`);
  }
  return undefined;
}

function misfit({ seq }: JournalRecord, problem: string): Misfit {
  return { seq, problem };
}
