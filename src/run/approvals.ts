import { actions } from '../actions/registry.ts';
import type { Answer } from '../engine/context.ts';
import { Failure } from '../failure.ts';
import { openSteps } from '../journal/passes.ts';
import type { StepProgress } from '../journal/progress.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { chooseNodes } from '../plan/drafts.ts';
import { stepsOf } from '../documents/steps-of.ts';
import type { Runbook } from '../documents/model.ts';
import type { Plan, PlanStep } from '../plan/plan.ts';
import { slug } from '../plan/slug.ts';
import { listNames } from '../render/text.ts';
import type { Console } from './console.ts';
import { confirm } from './control.ts';
import type { Documents } from './load.ts';
import { runbookIn } from './plan-again.ts';

/** A step that asks a person, with what `--approve STEP` can call it. */
interface Asking {
  readonly title: string;
  readonly slug: string;
  /** Only of a planned step. */
  readonly id?: string;
  readonly node?: string;
}

/**
 * `--approve` names steps that ask. Without a terminal it must name all that are sure to ask: no run may stop in the
 * middle with a question that no one can answer.
 * @throws Failure (usage)
 */
export function checkApprovals(
  given: readonly string[],
  { runbook, inventory, limit }: Pick<Documents, 'runbook' | 'inventory' | 'limit'>,
  command: string,
): void {
  const asking = runbook.value.phases.flatMap((phase) =>
    stepsOf(phase).flatMap((step) => {
      if (step.kind !== 'uses' || actions.get(step.uses)?.asks === undefined) return [];
      const { nodes } = chooseNodes(phase, { inventory, actions, ...(limit !== undefined && { limit }) });
      return [
        {
          ...namesOf(step.name ?? step.uses),
          sure: nodes.length > 0 && phase.if === undefined && step.if === undefined,
        },
      ];
    }),
  );
  requireKnown(given, asking);
  requireAnswered(
    given,
    asking.filter((one) => one.sure),
    command,
  );
}

/**
 * The same for a plan, whose conditions are known; steps that are over ask no more. A step of its runbook that the plan
 * does not have may be named: the command that began the run was given that name too.
 * @throws Failure (usage)
 */
export function checkPlannedApprovals(
  given: readonly string[],
  plan: Plan,
  command: string,
  progress: ReadonlyMap<string, StepProgress>,
): void {
  const planned = askingIn(plan).map(asPlanned);
  const isPlanned = given.every((value) => planned.some((one) => isNamed(value, one)));
  requireKnown(given, isPlanned ? planned : [...planned, ...askingOf(runbookIn(plan))]);
  requirePlannedAnswers(given, plan, command, progress);
}

/** `--approve` names steps of the runbook that ask. @throws Failure (usage) */
export function requireKnownApprovals(given: readonly string[], runbook: Runbook): void {
  requireKnown(given, askingOf(runbook));
}

/**
 * For runs that ask no one: `--approve` names steps of the plans, or of their runbook, and all that will ask.
 * @param plans of one runbook, by the names of their clusters
 * @throws Failure (usage)
 */
export function checkUnaskedApprovals(given: readonly string[], plans: ReadonlyMap<string, Plan>): void {
  const [first] = plans.values();
  const planned = [...plans.values()].flatMap((plan) => askingIn(plan).map(asPlanned));
  requireKnown(given, [...planned, ...askingOf(first && runbookIn(first))]);
  const open = new Map<string, string[]>();
  for (const [cluster, plan] of plans)
    for (const one of openIn(plan)) {
      if (given.some((value) => isNamed(value, one))) continue;
      const clusters = open.get(one.slug) ?? [];
      if (!clusters.includes(cluster)) open.set(one.slug, [...clusters, cluster]);
    }
  if (open.size === 0) return;
  throw new Failure(
    'usage',
    `steps ask a person, and no one is asked once clusters run: ${[...open].map(([name, clusters]) => `${name} (${listNames(clusters, 8)})`).join(', ')}`,
    [onceApproved([...open.keys()])],
  );
}

/** Without a terminal, `--approve` must name all that are open and ask. @throws Failure (usage) */
export function requirePlannedAnswers(
  given: readonly string[],
  plan: Plan,
  command: string,
  progress: ReadonlyMap<string, StepProgress> = new Map(),
): void {
  requireAnswered(given, openIn(plan, progress), command);
}

/** Steps that will ask; none where nothing is to be changed. */
function openIn(plan: Plan, progress: ReadonlyMap<string, StepProgress> = new Map()): Asking[] {
  if (!stepsOfPlan(plan).some((step) => step.predicted.outcome === 'change')) return [];
  const unsettled = openSteps(plan, progress);
  return askingIn(plan)
    .filter((step) => step.predicted.outcome !== 'skipped' && unsettled.has(step))
    .map(asPlanned);
}

function askingOf(runbook: Runbook | undefined): Asking[] {
  return (runbook?.phases ?? []).flatMap((phase) =>
    stepsOf(phase).flatMap((step) =>
      step.kind === 'uses' && actions.get(step.uses)?.asks !== undefined ? [namesOf(step.name ?? step.uses)] : [],
    ),
  );
}

function askingIn(plan: Plan): PlanStep[] {
  return stepsOfPlan(plan).filter((step) => actions.get(step.action)?.asks !== undefined);
}

/** Answers the questions of a run: those that `--approve` names, and the others on the terminal, one at a time. */
export function asker(
  console: Console,
  given: readonly string[],
  user: string,
): (step: PlanStep, question: string) => Promise<Answer> {
  let before: Promise<unknown> = Promise.resolve();
  return (step, question) => {
    const named = given.find((value) => isNamed(value, asPlanned(step)));
    if (named !== undefined) return Promise.resolve({ approved: true, how: `approved by --approve ${named}` });
    const answer = before.then(() => onTerminal(console, step, question, user));
    before = answer.catch(() => undefined);
    return answer;
  };
}

async function onTerminal(console: Console, step: PlanStep, question: string, user: string): Promise<Answer> {
  if (!hasTerminal()) throw noTerminal([asPlanned(step)], 'this run');
  try {
    await confirm(console, `${question.trimEnd()}\n${step.id} on ${step.node}: continue?`);
    return { approved: true, how: `approved by ${user} on the terminal` };
  } catch (error) {
    if (error instanceof Failure && error.kind === 'cancelled') return { approved: false };
    throw error;
  }
}

function requireKnown(given: readonly string[], asking: readonly Asking[]): void {
  for (const value of given) {
    if (asking.some((one) => isNamed(value, one))) continue;
    const names = [...new Set(asking.map((one) => one.slug))];
    throw new Failure('usage', `--approve ${value}: no step of that name asks for approval`, [
      names.length > 0 ? `Those that ask: ${names.join(', ')}` : 'No step of this runbook asks for approval.',
    ]);
  }
}

function requireAnswered(given: readonly string[], asking: readonly Asking[], command: string): void {
  if (hasTerminal()) return;
  const open = asking.filter((one) => !given.some((value) => isNamed(value, one)));
  if (open.length > 0) throw noTerminal(open, command);
}

function noTerminal(asking: readonly Asking[], command: string): Failure {
  const names = [...new Set(asking.map((one) => one.slug))];
  return new Failure(
    'usage',
    `\`${command}\` asks a person at ${names.join(', ')}, which --yes does not answer, and there is no terminal to ask on`,
    [onceApproved(names)],
  );
}

function onceApproved(names: readonly string[]): string {
  return `Once a person has approved it: ${names.map((name) => `--approve ${name}`).join(' ')}`;
}

function hasTerminal(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

function namesOf(title: string): Asking {
  return { title, slug: slug(title) };
}

function asPlanned(step: PlanStep): Asking {
  return { ...namesOf(step.title), id: step.id, node: step.node };
}

/** `4.1-approve`, `cp-1/4.1-approve`, `approve`, or the step's name; numbers and nodes only of planned steps. */
function isNamed(value: string, one: Asking): boolean {
  if (value === one.title || value === one.slug) return true;
  const [, node, number, name] = /^(?:(.*)\/)?(\d+\.\d+-)?(.*)$/.exec(value) ?? [];
  if (name !== one.slug) return false;
  if (one.id === undefined) return true;
  return (node === undefined || node === one.node) && (number === undefined || `${number}${name}` === one.id);
}
