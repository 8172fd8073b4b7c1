import { actions } from '../actions/registry.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';
import type { JournalRecord } from './record.ts';

/** A time in which a node was out of service, in the words of the journal. */
export interface Outage {
  readonly from: string;
  /** Undefined: it still is. */
  readonly to?: string;
  /** It was cordoned before the run, which leaves it so. */
  readonly before?: true;
}

/**
 * When each node was out of service: from the first attempt of the step that cordons it to the end of the step that
 * uncordons it.
 */
export class OutageFold {
  /** By step key, what the step does to its node. */
  readonly #turns: ReadonlyMap<string, 'out' | 'in'>;
  readonly #before: ReadonlySet<string>;
  readonly #outages = new Map<string, Outage[]>();
  #started: string;

  constructor(plan: Plan) {
    this.#turns = new Map(
      stepsOfPlan(plan).flatMap(({ action, node, id }) => {
        const service = actions.get(action)?.service;
        return service === undefined ? [] : [[stepKey(node, id), service] as const];
      }),
    );
    // A node that was cordoned before stays so: the run has no part in that.
    this.#before = new Set(plan.nodes.flatMap(({ name, before }) => (before?.unschedulable === true ? [name] : [])));
    this.#started = plan.createdAt;
  }

  add(record: JournalRecord): void {
    const { at } = record;
    if (record.type === 'run-started') this.#started = at;
    // `runbook close` uncordons what the run had cordoned.
    if (record.type === 'run-abandoned' && record.by !== undefined)
      for (const node of this.#outages.keys()) this.#in(node, at);
    if (!('step' in record)) return;
    const turn = this.#turns.get(stepKey(record.node, record.step));
    if (turn === 'out' && record.type === 'attempt-started') this.#out(record.node, at);
    // A script that ended with an error has undone it itself.
    if (turn === 'out' && record.type === 'attempt-ended' && isUndone(record.state)) this.#in(record.node, at);
    if (turn === 'in' && isBack(record)) this.#in(record.node, at);
  }

  of(node: string): readonly Outage[] {
    if (this.#before.has(node)) return [{ from: this.#started, before: true }];
    return this.#outages.get(node) ?? [];
  }

  /** Whether the run keeps it out of service. */
  isOut(node: string): boolean {
    return this.of(node).some(({ to, before }) => to === undefined && before !== true);
  }

  /** For how many milliseconds in all the run kept it out of service, up to `now`. */
  out(node: string, now: number): number {
    return this.of(node)
      .filter(({ before }) => before !== true)
      .reduce(
        (sum, { from, to }) => sum + Math.max(0, (to === undefined ? now : Date.parse(to)) - Date.parse(from)),
        0,
      );
  }

  #out(node: string, at: string): void {
    if (!this.isOut(node)) this.#outages.set(node, [...(this.#outages.get(node) ?? []), { from: at }]);
  }

  #in(node: string, at: string): void {
    const outages = this.#outages.get(node) ?? [];
    const last = outages.at(-1);
    if (last && last.to === undefined) this.#outages.set(node, [...outages.slice(0, -1), { ...last, to: at }]);
  }
}

function isUndone(end: Extract<JournalRecord, { type: 'attempt-ended' }>['state']): boolean {
  return end.kind === 'never-ran' || end.kind === 'refused' || (end.kind === 'exited' && end.code !== 0);
}

function isBack(record: JournalRecord): boolean {
  if (record.type === 'step-treated') return record.as === 'done';
  return record.type === 'step-finished' && (record.outcome === 'changed' || record.outcome === 'unchanged');
}
