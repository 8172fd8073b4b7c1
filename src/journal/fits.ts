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

interface Known {
  readonly step: PlanStep;
  /** The last one that was started. */
  attempt: number;
}

/** Holds the records of a journal, one after the other, against the plan of their run. */
export class Fit {
  /** The first record that cannot be of that run of that plan: another step, node, host or attempt than it can have. */
  misfit: Misfit | undefined;
  readonly #run: string;
  readonly #plan: Plan;
  /** By node, then by id. */
  readonly #steps = new Map<string, Map<string, Known>>();
  #epoch = 0;

  constructor(run: string, plan: Plan) {
    this.#run = run;
    this.#plan = plan;
    for (const step of stepsOfPlan(plan)) {
      const ofNode = this.#steps.get(step.node) ?? new Map<string, Known>();
      this.#steps.set(step.node, ofNode.set(step.id, { step, attempt: 0 }));
    }
  }

  add(record: JournalRecord): void {
    if (this.misfit) return;
    const problem = this.#problemOf(record);
    if (problem !== undefined) this.misfit = { seq: record.seq, problem };
  }

  #problemOf(record: JournalRecord): string | undefined {
    const known = 'step' in record ? this.#steps.get(record.node)?.get(record.step) : undefined;
    if ('step' in record && !known) return `the plan has no step ${stepKey(record.node, record.step)}`;
    if (record.type === 'pass-started') {
      const ofNode = this.#steps.get(record.node);
      const unknown = record.again.find((id) => ofNode?.has(id) !== true);
      if (unknown !== undefined) return `the plan has no step ${stepKey(record.node, unknown)}`;
    }
    if ((record.type === 'run-started') !== (record.seq === 1))
      return 'a journal begins with run-started, and has one of it';
    if (record.type === 'run-started' && (record.run !== this.#run || record.plan !== this.#plan.digest))
      return `it is of run ${record.run} with the plan ${record.plan}`;
    if (record.type === 'run-started' || record.type === 'run-resumed') {
      if (record.epoch <= this.#epoch) return `its epoch is ${record.epoch}, after ${this.#epoch}`;
      this.#epoch = record.epoch;
    }
    if (record.type === 'attempt-started' && known) {
      const { step, attempt: last } = known;
      if (record.attempt <= last) return `it starts attempt ${record.attempt}, after attempt ${last}`;
      if (!mayRunOn(this.#plan, step, record.host)) return `that step does not run on ${record.host}`;
      known.attempt = record.attempt;
    }
    if (record.type === 'attempt-ended' && (record.attempt !== known?.attempt || record.attempt === 0))
      return `attempt ${record.attempt} of that step was not started`;
    return undefined;
  }
}

/** The first of the records that cannot be of that run of that plan. */
export function misfitIn(records: readonly JournalRecord[], run: string, plan: Plan): Misfit | undefined {
  const fit = new Fit(run, plan);
  for (const record of records) fit.add(record);
  return fit.misfit;
}
