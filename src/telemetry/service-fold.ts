import { actions } from '../actions/registry.ts';
import type { JournalRecord } from '../journal/record.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';

/** How long the steps of a run kept each node out of service, and since when they do. Milliseconds. */
export class ServiceFold {
  /** By step key, what the step does to its node. */
  readonly #turns: ReadonlyMap<string, 'out' | 'in'>;
  readonly #before: ReadonlySet<string>;
  readonly #since = new Map<string, number>();
  readonly #total = new Map<string, number>();

  constructor(plan: Plan) {
    this.#turns = new Map(
      stepsOfPlan(plan).flatMap(({ action, node, id }) => {
        const service = actions.get(action)?.service;
        return service === undefined ? [] : [[stepKey(node, id), service] as const];
      }),
    );
    // A node that was cordoned before stays so: the run has no part in that.
    this.#before = new Set(plan.nodes.flatMap(({ name, before }) => (before?.unschedulable === true ? [name] : [])));
  }

  add(record: JournalRecord): void {
    const at = Date.parse(record.at);
    if (record.type === 'run-abandoned' && record.by !== undefined)
      for (const node of this.#since.keys()) this.#in(node, at);
    if (!('step' in record) || this.#before.has(record.node)) return;
    const turn = this.#turns.get(stepKey(record.node, record.step));
    if (turn === 'out' && record.type === 'attempt-started' && !this.#since.has(record.node))
      this.#since.set(record.node, at);
    // A script that ended with an error has undone it itself.
    if (turn === 'out' && record.type === 'attempt-ended' && isUndone(record.state)) this.#in(record.node, at);
    const isBack = record.type === 'step-finished' && (record.outcome === 'changed' || record.outcome === 'unchanged');
    if (turn === 'in' && isBack) this.#in(record.node, at);
  }

  isOut(node: string): boolean {
    return this.#since.has(node);
  }

  /** Milliseconds in all, up to `now`. */
  out(node: string, now: number): number {
    const since = this.#since.get(node);
    return (this.#total.get(node) ?? 0) + (since === undefined ? 0 : Math.max(0, now - since));
  }

  #in(node: string, at: number): void {
    this.#total.set(node, this.out(node, at));
    this.#since.delete(node);
  }
}

function isUndone(end: Extract<JournalRecord, { type: 'attempt-ended' }>['state']): boolean {
  return end.kind === 'never-ran' || end.kind === 'refused' || (end.kind === 'exited' && end.code !== 0);
}
