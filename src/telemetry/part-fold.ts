import { isBad, type Outcome } from '../event.ts';
import type { AttemptEnd, JournalRecord } from '../journal/record.ts';
import { stepsOfPhase } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanPhase, PlanStep } from '../plan/plan.ts';
import { ofAttempt, ofNode, ofPhase, ofStep, problemOf } from './attributes.ts';
import { type Attributes, type RunSpan, spanIdOf, traceIdOf } from './span.ts';

type Of<T extends JournalRecord['type']> = Extract<JournalRecord, { type: T }>;

interface Attempt {
  readonly number: number;
  readonly host?: string;
  /** Undefined: it began before this part. */
  readonly start?: number;
  end?: number;
  state?: AttemptEnd;
}

/** A phase, or a node in it: it lasts from the first of its steps to the last. */
interface Group {
  readonly id: string;
  start: number;
  end: number;
  readonly outcomes: Set<Outcome>;
  /** What has not ended in it. */
  readonly open: Set<string>;
}

export interface Planned {
  readonly step: PlanStep;
  readonly phase: PlanPhase;
}

interface Known {
  readonly plan: Plan;
  readonly planned: ReadonlyMap<string, Planned>;
  readonly run: string;
}

/** Folds the records of one part of a run: up to its end, over however many processes that were killed. */
export class PartFold {
  readonly number: number;
  readonly span: string;
  readonly start: number;
  readonly moments: { name: string; at: number; attributes: Attributes }[] = [];
  /** When the journal says that it ended. */
  ended: number | undefined;
  readonly #known: Known;
  readonly #attempts = new Map<string, Attempt[]>();
  readonly #phases = new Map<number, Group>();
  readonly #nodes = new Map<string, Group>();
  /** How often something had a span: what is done again in the part has an id of its own. */
  readonly #times = new Map<string, number>();

  constructor(known: Known, { number, span, start }: { number: number; span: string; start: number }) {
    this.#known = known;
    this.number = number;
    this.span = span;
    this.start = start;
  }

  note(name: string, at: number, attributes: Attributes): void {
    this.moments.push({ name, at, attributes });
  }

  attemptStarted({ step, node, attempt, host }: Of<'attempt-started'>, at: number): void {
    this.#attemptsOf(stepKey(node, step)).push({ number: attempt, host, start: at });
  }

  attemptEnded({ step, node, attempt, state }: Of<'attempt-ended'>, at: number): void {
    const attempts = this.#attemptsOf(stepKey(node, step));
    const known = attempts.find(({ number }) => number === attempt);
    if (known) Object.assign(known, { end: at, state });
    else attempts.push({ number: attempt, end: at, state });
  }

  stepFinished({ step, node, outcome, duration, continued }: Of<'step-finished'>, at: number): RunSpan[] {
    const planned = this.#known.planned.get(stepKey(node, step));
    if (!planned) return [];
    const { spans, start } = this.#step(planned, { outcome, end: at, start: at - duration });
    const [phase, own] = this.#groupsOf(planned, start);
    for (const group of [phase, own]) {
      group.start = Math.min(group.start, start);
      group.end = Math.max(group.end, at);
      if (!continued) group.outcomes.add(outcome);
    }
    own.open.delete(stepKey(node, step));
    return [...spans, ...this.#closed(planned.phase, node, own.open.size === 0)];
  }

  /** What the journal leaves open ends with it. */
  end(at: number): RunSpan[] {
    this.ended = at;
    const left = [...this.#attempts.keys()].flatMap((key) => this.#known.planned.get(key) ?? []);
    const steps = left.flatMap((planned) => {
      const { spans, start } = this.#step(planned, { end: at, start: at });
      for (const group of this.#groupsOf(planned, start)) {
        group.start = Math.min(group.start, start);
        group.end = at;
      }
      return spans;
    });
    const groups = this.#known.plan.phases.flatMap((phase) => [
      ...[...new Set(phase.batches.flat())].flatMap((node) => this.#closed(phase, node, true)),
      ...this.#closedPhase(phase),
    ]);
    return [...steps, ...groups];
  }

  /** A step with its attempts. @returns with the spans when it began */
  #step(
    { step, phase }: Planned,
    { outcome, start: since, end }: { outcome?: Outcome; start: number; end: number },
  ): { readonly spans: RunSpan[]; readonly start: number } {
    const key = stepKey(step.node, step.id);
    const attempts = this.#attempts.get(key) ?? [];
    this.#attempts.delete(key);
    const start = Math.max(this.start, Math.min(since, ...attempts.flatMap((one) => one.start ?? [])));
    const [, node] = this.#groupsOf({ step, phase }, start);
    const id = this.#newId(`step ${key}`);
    const error =
      outcome === 'failed' ? 'the step failed' : outcome === 'unknown' ? 'its outcome is unknown' : undefined;
    const own = this.#span(
      { id, parent: node.id, kind: 'step', name: step.title, start, end },
      ofStep(step, outcome),
      error,
    );
    const tries = attempts.map((one) =>
      this.#span(
        {
          id: this.#newId(`attempt ${key} ${one.number}`),
          parent: id,
          kind: 'attempt',
          name: `attempt ${one.number}`,
          start: one.start ?? start,
          end: one.end ?? end,
        },
        ofAttempt(step, one.number, one.host, one.state),
        problemOf(one.state),
      ),
    );
    return { spans: [...tries, own], start };
  }

  #closed(phase: PlanPhase, node: string, isOver: boolean): RunSpan[] {
    const key = nodeKey(phase, node);
    const group = this.#nodes.get(key);
    if (!group || !isOver) return [];
    this.#nodes.delete(key);
    const parent = this.#phases.get(phase.number);
    const outcome = worst(group.outcomes);
    const { id, start, end } = group;
    const span = this.#span(
      { id, ...(parent && { parent: parent.id }), kind: 'node', name: `node ${node}`, start, end },
      ofNode(this.#known.plan, node, outcome),
      errorOf(outcome),
    );
    parent?.open.delete(node);
    return [span, ...(parent?.open.size === 0 ? this.#closedPhase(phase) : [])];
  }

  #closedPhase(phase: PlanPhase): RunSpan[] {
    const group = this.#phases.get(phase.number);
    if (!group) return [];
    this.#phases.delete(phase.number);
    const { id, start, end } = group;
    const outcome = worst(group.outcomes);
    const about = { id, parent: this.span, kind: 'phase', name: `phase ${phase.name}`, start, end } as const;
    return [this.#span(about, ofPhase(phase, outcome), errorOf(outcome))];
  }

  /** The phase of a step, and its node in it. */
  #groupsOf({ step, phase }: Planned, start: number): readonly [Group, Group] {
    const key = nodeKey(phase, step.node);
    const own = this.#phases.get(phase.number) ?? this.#group(`phase ${phase.number}`, start, phase.batches.flat());
    const node = this.#nodes.get(key) ?? this.#group(`node ${key}`, start, keysOf(phase, step.node));
    this.#phases.set(phase.number, own);
    this.#nodes.set(key, node);
    return [own, node];
  }

  #group(about: string, start: number, open: readonly string[]): Group {
    return { id: this.#newId(about), start, end: start, outcomes: new Set(), open: new Set(open) };
  }

  #span(about: Omit<RunSpan, 'traceId' | 'attributes'>, attributes: Attributes, error: string | undefined): RunSpan {
    return { traceId: traceIdOf(this.#known.run), ...about, attributes, ...(error !== undefined && { error }) };
  }

  #newId(about: string): string {
    const times = (this.#times.get(about) ?? 0) + 1;
    this.#times.set(about, times);
    return spanIdOf(this.#known.run, `part ${this.number}, ${about}${times > 1 ? `, again ${times}` : ''}`);
  }

  #attemptsOf(key: string): Attempt[] {
    const known = this.#attempts.get(key) ?? [];
    this.#attempts.set(key, known);
    return known;
  }
}

function nodeKey(phase: PlanPhase, node: string): string {
  return `${phase.number} ${node}`;
}

function errorOf(outcome: Outcome | undefined): string | undefined {
  return isBad(outcome) ? 'a step failed, or its outcome is unknown' : undefined;
}

/** Of the steps of a node in a phase. */
function keysOf(phase: PlanPhase, node: string): string[] {
  return stepsOfPhase(phase).flatMap((step) => (step.node === node ? [stepKey(node, step.id)] : []));
}

const FROM_THE_WORST: readonly Outcome[] = ['failed', 'unknown', 'changed', 'unchanged', 'skipped'];

/** What the outcomes of steps are together. */
function worst(outcomes: ReadonlySet<Outcome>): Outcome | undefined {
  return FROM_THE_WORST.find((one) => outcomes.has(one));
}
