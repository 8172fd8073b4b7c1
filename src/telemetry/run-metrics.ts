import { isBad, noOutcomes, OUTCOMES } from '../event.ts';
import { OutageFold } from '../journal/outages.ts';
import { ProgressFold, type StepProgress } from '../journal/progress.ts';
import type { JournalRecord } from '../journal/record.ts';
import { stepsOfPhase, stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import type { RunOutcome } from './attributes.ts';
import { type Family, promText, type Sample } from './prometheus.ts';

/** Nodes with series of their own; those beyond, in the order of the inventory, share one. */
const MOST_NODES = 500;
const OTHERS = 'other nodes';

const STATES = ['running', 'done', 'failed', 'refused', 'stopped', 'paused', 'closed'] as const;
type State = (typeof STATES)[number];

export const LAST_SUCCESS = 'runbook_last_success_timestamp_seconds';

/** Folds the journal of a run into metrics. */
export class RunMetrics {
  readonly #plan: Plan;
  readonly #progress = new ProgressFold();
  readonly #service: OutageFold;
  readonly #series: ReadonlyMap<string, string>;
  #failures = 0;
  #outcome: RunOutcome | undefined;
  #lastSuccess: number | undefined;

  /** `lastSuccess`: of an earlier run, milliseconds since 1970. */
  constructor(plan: Plan, lastSuccess: number | undefined) {
    this.#plan = plan;
    this.#service = new OutageFold(plan);
    this.#lastSuccess = lastSuccess;
    this.#series = new Map(plan.nodes.map(({ name }, at) => [name, at < MOST_NODES ? name : OTHERS]));
  }

  add(record: JournalRecord): void {
    this.#progress.add(record);
    this.#service.add(record);
    if (record.type === 'run-resumed') this.#outcome = undefined;
    if (record.type === 'step-finished' && isBad(record.outcome)) this.#failures += 1;
  }

  /** The outcome that the operator was shown. */
  end(outcome: RunOutcome, at: number): void {
    this.#outcome = outcome;
    if (outcome === 'done') this.#lastSuccess = at;
  }

  text(now: number): string {
    const { runbook, inventory, digest } = this.#plan;
    const progress = this.#progress.end();
    const state = this.#outcome ?? stateOf(progress.state);
    const steps = stepsOfPlan(this.#plan);
    const isOver = state !== 'running';
    const began = Date.parse(progress.startedAt ?? '');
    const families: Family[] = [
      one('runbook_run_info', 'The run that the other metrics are about', 1, {
        run: progress.run ?? '',
        plan: digest.slice(0, 12),
      }),
      one('runbook_run_start_timestamp_seconds', 'When the run began', began / 1000),
      ...(isOver
        ? [
            one(
              'runbook_run_end_timestamp_seconds',
              'When the run ended, failed, stopped or paused',
              Date.parse(progress.lastAt ?? '') / 1000,
            ),
          ]
        : []),
      one(
        'runbook_run_updated_timestamp_seconds',
        'When this file was written; stale while runbook_run_running is 1: the process was killed',
        now / 1000,
      ),
      one('runbook_run_running', '1 while a process works on the run', isOver ? 0 : 1),
      {
        name: 'runbook_run_state',
        help: '1 for the state that the run is in',
        samples: STATES.map((one) => ({ labels: { state: one }, value: one === state ? 1 : 0 })),
      },
      one('runbook_run_worked_seconds', 'Time in which a process worked on the run', seconds(progress.worked)),
      one('runbook_run_resumes', 'How often the run was resumed', progress.resumed),
      one('runbook_run_steps', 'Planned steps in all', steps.length),
      one(
        'runbook_run_step_failures',
        'How often a step ended as failed or unknown, also where it was done later',
        this.#failures,
      ),
      ...(this.#lastSuccess === undefined
        ? []
        : [
            one(
              LAST_SUCCESS,
              'When a run of this runbook on this cluster was last done, kept over runs that fail',
              seconds(this.#lastSuccess),
            ),
          ]),
      ...this.#phases(progress.steps),
      ...this.#nodes(progress.steps, now),
    ];
    return promText(families, { cluster: inventory.cluster, runbook: runbook.name });
  }

  #phases(known: ReadonlyMap<string, StepProgress>): Family[] {
    const groups = this.#plan.phases.map((phase) => ({
      labels: { phase: String(phase.number), name: phase.name },
      steps: stepsOfPhase(phase),
    }));
    return [
      outcomes('runbook_phase_steps', 'Steps of a phase by outcome; pending: without one', groups, known),
      durations('runbook_phase_step_seconds', 'Time that the steps of a phase took, added up', groups, known),
    ];
  }

  #nodes(known: ReadonlyMap<string, StepProgress>, now: number): Family[] {
    const steps = grouped(stepsOfPlan(this.#plan), ({ node }) => this.#series.get(node) ?? OTHERS);
    const groups = [...steps].map(([node, own]) => ({ labels: { node }, steps: own }));
    const names = grouped(
      this.#plan.nodes.map(({ name }) => name),
      (name) => this.#series.get(name) ?? OTHERS,
    );
    const each = (value: (name: string) => number): Sample[] =>
      [...names].map(([node, own]) => ({ labels: { node }, value: own.reduce((sum, name) => sum + value(name), 0) }));
    return [
      outcomes('runbook_node_steps', 'Steps of a node by outcome; pending: without one', groups, known),
      durations('runbook_node_step_seconds', 'Time that the steps of a node took, added up', groups, known),
      {
        name: 'runbook_node_out_of_service',
        help: '1 while the run keeps the node out of service',
        samples: each((name) => (this.#service.isOut(name) ? 1 : 0)),
      },
      {
        name: 'runbook_node_out_of_service_seconds',
        help: 'How long the run kept the node out of service',
        samples: each((name) => seconds(this.#service.out(name, now))),
      },
    ];
  }
}

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly steps: readonly PlanStep[];
}

function outcomes(
  name: string,
  help: string,
  groups: readonly Group[],
  known: ReadonlyMap<string, StepProgress>,
): Family {
  const samples = groups.flatMap(({ labels, steps }) => {
    const counts = { ...noOutcomes(), pending: 0 };
    for (const step of steps) counts[known.get(stepKey(step.node, step.id))?.outcome ?? 'pending'] += 1;
    return [...OUTCOMES, 'pending' as const].map((outcome) => ({
      labels: { ...labels, outcome },
      value: counts[outcome],
    }));
  });
  return { name, help, samples };
}

function durations(
  name: string,
  help: string,
  groups: readonly Group[],
  known: ReadonlyMap<string, StepProgress>,
): Family {
  const samples = groups.map(({ labels, steps }) => ({
    labels,
    value: seconds(steps.reduce((sum, step) => sum + (known.get(stepKey(step.node, step.id))?.duration ?? 0), 0)),
  }));
  return { name, help, samples };
}

function one(name: string, help: string, value: number, labels?: Readonly<Record<string, string>>): Family {
  return { name, help, samples: [{ value, ...(labels && { labels }) }] };
}

function stateOf(state: 'running' | 'stopped' | 'done' | 'abandoned'): State {
  return state === 'abandoned' ? 'closed' : state;
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const own = groups.get(keyOf(item));
    if (own) own.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
