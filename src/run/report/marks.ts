import { actions } from '../../actions/registry.ts';
import type { Holder, JournalRecord } from '../../journal/record.ts';
import { stepsOfPlan } from '../../plan/all-steps.ts';
import { hostText } from '../../plan/hosts.ts';
import { stepKey } from '../../plan/key.ts';
import type { Plan } from '../../plan/plan.ts';
import type { ReportMark } from '../../render/report-data.ts';
import { count, listNames } from '../../render/text.ts';

/** What the journal states that belongs to no single bar of a timeline: who did what when, and what went wrong. */
export function marksOf(plan: Plan, records: readonly JournalRecord[]): ReportMark[] {
  const fold = new MarkFold(plan);
  return records.flatMap((record) => fold.of(record));
}

class MarkFold {
  readonly #titles: ReadonlyMap<string, string>;
  readonly #asking: ReadonlySet<string>;
  readonly #hooks: ReadonlyMap<string, string>;
  readonly #open = new Set<string>();
  /** Who works on the run; undefined once it is recorded that they stopped. */
  #worker: Holder | undefined;
  #user: Holder | undefined;

  constructor(plan: Plan) {
    const steps = stepsOfPlan(plan);
    this.#titles = new Map(steps.map(({ node, id, title }) => [stepKey(node, id), title]));
    const asking = steps.filter(({ action }) => actions.get(action)?.asks !== undefined);
    this.#asking = new Set(asking.map(({ node, id }) => stepKey(node, id)));
    this.#hooks = new Map((plan.hooks ?? []).map(({ id, title }) => [id, title]));
  }

  of(record: JournalRecord): ReportMark[] {
    const { at } = record;
    switch (record.type) {
      case 'run-started':
        this.#worker = this.#user = record.holder;
        return [{ at, kind: 'started', text: 'the run started', by: holderText(record.holder) }];
      case 'run-resumed':
        return [this.#resumed(record)];
      case 'run-stopped':
        this.#worker = undefined;
        return [{ at, kind: record.paused ? 'paused' : 'stopped', text: record.reason }];
      case 'run-finished':
        this.#worker = undefined;
        return [{ at, kind: 'done', text: 'every planned step has its outcome' }];
      case 'run-abandoned':
        if (record.by === undefined) return [{ at, kind: 'replaced', text: record.reason }];
        return [{ at, kind: 'closed', text: record.reason, by: record.by }];
      case 'guard-overridden': {
        const where = record.on === undefined ? {} : { node: record.on };
        return [{ at, kind: 'overridden', text: `${record.guard}: ${record.reason}`, by: record.by, ...where }];
      }
      case 'attempt-started':
        this.#open.add(stepKey(record.node, record.step));
        if (record.attempt < 2) return [];
        return [this.#ofStep(record, 'retried', `attempt ${record.attempt}`)];
      case 'attempt-ended':
        this.#open.delete(stepKey(record.node, record.step));
        return [];
      case 'step-finished':
        return this.#finished(record);
      case 'step-treated': {
        const why = record.reason === undefined ? '' : `: ${record.reason}`;
        return [{ ...this.#ofStep(record, 'answered', `${ANSWERS[record.as]}${why}`), by: record.by }];
      }
      case 'pass-started':
        return [
          {
            at,
            kind: 'again',
            node: record.node,
            text: `pass ${record.pass} of phase ${record.phase}: ${record.again.join(', ')}`,
          },
        ];
      case 'hook-started':
        return [];
      case 'hook-ended': {
        const title = this.#hooks.get(record.hook) ?? record.hook;
        return [{ at, kind: 'hook', text: `${title}: ${record.problem ?? 'done'}` }];
      }
    }
  }

  #resumed({ at, holder, epoch }: Extract<JournalRecord, { type: 'run-resumed' }>): ReportMark {
    const before = this.#worker;
    this.#worker = this.#user = holder;
    const open = [...this.#open];
    const followed =
      open.length === 0
        ? ''
        : `; ${count(open.length, 'attempt')} without a recorded end followed: ${listNames(open, 5)}`;
    const by = holderText(holder);
    if (!before) return { at, kind: 'resumed', by, text: `the run was resumed, epoch ${epoch}${followed}` };
    const from = `from ${holderText(before)}, which recorded no stop`;
    return { at, kind: 'taken-over', by, text: `the run was taken over ${from}, epoch ${epoch}${followed}` };
  }

  #finished(record: Extract<JournalRecord, { type: 'step-finished' }>): ReportMark[] {
    const marks: ReportMark[] = [];
    if (record.outcome === 'failed' || record.outcome === 'unknown') {
      const continued = record.continued ? ' (its node continued)' : '';
      marks.push(this.#ofStep(record, record.outcome, `${record.reason}${continued}`));
    }
    if (record.leavesOut) {
      const held = record.heldBy ? `, held by ${record.heldBy.join(', ')}` : '';
      marks.push(this.#ofStep(record, 'left-out', `its node is left out of the phase${held}`));
    }
    // Its reason is all that the journal has of the answer; where nothing would change, no one was asked.
    if (!this.#asking.has(stepKey(record.node, record.step)) || !record.reason.startsWith('approved ')) return marks;
    const by = this.#user === undefined ? {} : { by: holderText(this.#user) };
    return [...marks, { ...this.#ofStep(record, 'approved', record.reason), ...by }];
  }

  #ofStep(
    { at, node, step }: { readonly at: string; readonly node: string; readonly step: string },
    kind: ReportMark['kind'],
    text: string,
  ): ReportMark {
    const title = this.#titles.get(stepKey(node, step)) ?? step;
    return { at, kind, node, step, text: `${title}: ${text}` };
  }
}

const ANSWERS = { done: 'reported done', again: 'to be sent again', skip: 'skipped' } as const;

function holderText({ user, host, pid }: Holder): string {
  return `${user} on ${hostText(host)} (process ${pid})`;
}
