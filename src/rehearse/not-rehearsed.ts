import { durationText } from '../duration.ts';
import type { StepProgress } from '../journal/progress.ts';
import type { BoundPhase, PlannedStep } from '../plan/bind.ts';
import { isDue } from '../plan/estimate.ts';
import { LOCAL } from '../plan/hosts.ts';
import { stepKey } from '../plan/key.ts';
import { gateText, windowText } from '../plan/pace.ts';
import type { Plan } from '../plan/plan.ts';
import { groupBy } from '../render/group.ts';
import type { NotRehearsed } from '../render/rehearsal-data.ts';
import { type Assumed, assumedOf } from './stand-ins.ts';

/** What a rehearsal came to and did not do, and what it took of it instead, in the order of the plan. */
export function notRehearsed(
  plan: Plan,
  phases: readonly BoundPhase[],
  progress: ReadonlyMap<string, StepProgress>,
): NotRehearsed[] {
  const known = ({ node, id }: PlannedStep) => progress.get(stepKey(node.name, id));
  const due = phases.flatMap(({ steps }) => steps).filter((step) => wasDone(step, known(step)));
  const entered = phases.filter(({ steps }) => steps.some((step) => known(step) !== undefined));
  return [
    ...(plan.window ? [windowOf(plan.window)] : []),
    ...stepsOf(due),
    ...approvalsOf(due),
    ...checksOf(due),
    ...entered.flatMap(({ phase }) => paceOf(phase)),
    ...(plan.hooks ?? []).map(({ on, title }): NotRehearsed => ({
      kind: 'hook',
      what: `${HOOKS[on]}: ${title}`,
      as: 'not sent and not run',
    })),
  ];
}

const HOOKS = { failure: 'onFailure', stop: 'onStop', success: 'onSuccess' } as const;

/** It was begun; or, where that takes no attempt (an approval), it ended without being skipped. */
function wasDone({ planned }: PlannedStep, known: StepProgress | undefined): boolean {
  const { attempts = 0, outcome } = known ?? {};
  return attempts > 0 || (outcome !== undefined && outcome !== 'skipped' && isDue(planned));
}

function windowOf(window: NonNullable<Plan['window']>): NotRehearsed {
  return { kind: 'window', what: `window ${windowText(window)}`, as: 'kept, on the time of the rehearsal' };
}

/** Alike on several nodes once. */
function stepsOf(steps: readonly PlannedStep[]): NotRehearsed[] {
  const assumed = steps.flatMap((step) => {
    const taken = assumedOf(step);
    return taken ? [{ step, taken }] : [];
  });
  return [
    ...groupBy(assumed, ({ step, taken }) => JSON.stringify([step.id, step.planned.title, taken])).values(),
  ].flatMap(([first, ...more]): NotRehearsed[] => {
    if (!first) return [];
    const { step, taken } = first;
    return [
      {
        kind: 'step',
        what: whatOf(step),
        step: step.id,
        nodes: [first, ...more].map((one) => one.step.node.name),
        as: textOf(taken),
        ...(taken.declared && { declared: true as const }),
      },
    ];
  });
}

function whatOf({ planned: { action, title, place } }: PlannedStep): string {
  const where = place === LOCAL ? ', on this machine' : '';
  return action === 'run' ? `run: ${title}${where}` : `${title}${where}`;
}

function textOf({ exit, outputs, declared }: Assumed): string {
  const names = Object.keys(outputs);
  const written = names.length === 0 ? '' : `, writes ${names.join(', ')}`;
  return declared ? `exits with ${exit}${written} (\`rehearse:\` of the step)` : 'taken to succeed';
}

function approvalsOf(steps: readonly PlannedStep[]): NotRehearsed[] {
  return steps
    .filter((step) => step.action.asks !== undefined && assumedOf(step) === undefined)
    .map(({ id, node, planned }) => ({
      kind: 'approval',
      what: planned.title,
      step: id,
      nodes: [node.name],
      as: 'taken as given, at once',
    }));
}

function checksOf(steps: readonly PlannedStep[]): NotRehearsed[] {
  const checked = [
    ...groupBy(
      steps.filter(({ check }) => check !== undefined),
      ({ id }) => id,
    ).values(),
  ];
  return checked.flatMap(([first, ...more]): NotRehearsed[] =>
    first
      ? [
          {
            kind: 'check',
            what: `check: of ${first.planned.title}`,
            step: first.id,
            nodes: [first, ...more].map(({ node }) => node.name),
            as: 'not asked: the step counts as to be done',
          },
        ]
      : [],
  );
}

function paceOf({ name, gate, pause, batches }: BoundPhase['phase']): NotRehearsed[] {
  if (batches.length === 0) return [];
  return [
    ...(gate ? [{ kind: 'gate', what: `gate of ${name}: ${gateText(gate)}`, as: 'taken to hold' } as const] : []),
    ...(pause === undefined
      ? []
      : [
          {
            kind: 'pause',
            what: `pause of ${durationText(pause)} in ${name}`,
            as: 'waited for, on the time of the rehearsal',
          } as const,
        ]),
  ];
}
