import { evaluateCondition, factsIn } from '../documents/expressions.ts';
import { Failure } from '../failure.ts';
import type { FactId, Facts } from '../facts/facts.ts';
import { minorOf } from '../facts/lib/version.ts';
import type { Finding } from '../guards/guard.ts';
import { applyOverrides } from '../guards/lib/override.ts';
import { askedBeforeSteps, checkStep, guards } from '../guards/registry.ts';
import { actionOf, contextOf, factsOf, isAhead, judge, needlessOutage, outOfService, project } from '../plan/judge.ts';
import { contactedNodes, type Plan, type PlanHop, type PlanStep } from '../plan/plan.ts';
import { scopeFor } from '../plan/scope.ts';
import { runChecks } from './check.ts';
import type { Observer } from './observe.ts';
import type { RunContext } from './context.ts';
import { readFiles } from './files.ts';

/** For how long facts that an unsettled cluster does not give, or a guard that refuses, are asked again. Milliseconds. */
export const PATIENCE = 90_000;

export type Decision =
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'done'; readonly reason: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'go' };

/** Fresh facts -> if -> isDone -> guards, for one planned step. */
export async function decide(context: RunContext, step: PlanStep): Promise<Decision> {
  const phase = context.plan.phases.find((candidate) => candidate.steps.includes(step));
  const steps = phase?.steps ?? [step];
  const inOutage = isAhead(context.setting, step) ? outOfService(context.setting, steps, step) : [];
  const ids = neededFacts(context, [step, ...inOutage]);
  const facts = await refresh(context, step, ids, PATIENCE);

  if (step.if !== undefined && !conditionHolds(context, step, step.if, facts)) {
    return { kind: 'skip', reason: `its condition is false: ${step.if}` };
  }
  const checks = await runChecks(context, [step, ...inOutage]);
  if (isAhead(context.setting, step)) {
    const needless = needlessOutage(context.setting, steps, step, facts, checks);
    if (needless) return { kind: 'done', reason: needless.reason };
  }
  const verdict = judge(context.setting, step, facts, checks);
  if (verdict.done) return { kind: 'done', reason: verdict.reason };
  const refusals = await askGuards(context, step, ids, facts);
  return refusals.length > 0 ? { kind: 'refused' } : { kind: 'go' };
}

/** What one node of a batch reads of all nodes, where nothing is known yet: the others wait for it. */
const firstReadings = new WeakMap<RunContext, Promise<Facts>>();

/** Reads the step's facts again, of its node or of every node, and keeps them. @throws Failure when they cannot be read within `patience` milliseconds. */
export async function refresh(
  context: RunContext,
  step: PlanStep,
  ids: readonly FactId[],
  patience: number,
  everywhere = false,
): Promise<Facts> {
  const facts = await refreshFacts(context, step, ids, patience, everywhere);
  const files = await readFiles(context.fleet, context.setting, [step], facts);
  return files ? { ...facts, files } : facts;
}

async function refreshFacts(
  context: RunContext,
  step: PlanStep,
  ids: readonly FactId[],
  patience: number,
  everywhere: boolean,
): Promise<Facts> {
  if (context.facts) return readAgain(context, step, ids, patience, everywhere);
  const first = firstReadings.get(context);
  if (!first) {
    const reading = readAgain(context, step, ids, patience, everywhere).finally(() => firstReadings.delete(context));
    firstReadings.set(context, reading);
    return reading;
  }
  await first.catch(() => undefined);
  return refreshFacts(context, step, ids, patience, everywhere);
}

async function readAgain(
  context: RunContext,
  step: PlanStep,
  ids: readonly FactId[],
  patience: number,
  everywhere: boolean,
): Promise<Facts> {
  const known = context.facts;
  const names = known && !everywhere ? [step.node] : contactedNodes(context.plan);
  const all = known
    ? ids
    : neededFacts(
        context,
        context.plan.phases.flatMap((phase) => phase.steps),
      );
  if (all.length === 0) {
    context.facts = known ?? { nodes: {} };
    return context.facts;
  }
  try {
    const fresh = await observerFor(context, step).readPatiently(
      known ?? { nodes: {} },
      names,
      all,
      patience,
      avoided(context, step),
    );
    // Another node of the batch may have read meanwhile: keep its facts, take the newer cluster.
    context.facts = { ...fresh, nodes: { ...fresh.nodes, ...otherNodes(context.facts, names) } };
    return context.facts;
  } catch (error) {
    if (error instanceof Failure || !(error instanceof Error)) throw error;
    throw new Failure('step-failed', `cannot read the facts that ${step.id} on ${step.node} needs: ${error.message}`, [
      'Nothing was started on it. Mend what keeps them from being read, then run `runbook resume`.',
    ]);
  }
}

/** A step of one hop needs to know what the repositories of the others offer only once, at the beginning. */
function observerFor(context: RunContext, step: PlanStep): Pick<Observer, 'readPatiently'> {
  const hop = context.facts && hopOf(context.plan, step);
  return hop ? context.observer.offering([minorOf(hop.version)]) : context.observer;
}

function otherNodes(facts: Facts | undefined, names: readonly string[]): Facts['nodes'] {
  return Object.fromEntries(Object.entries(facts?.nodes ?? {}).filter(([name]) => !names.includes(name)));
}

function avoided(context: RunContext, step: PlanStep): string | undefined {
  return context.plan.nodes.find((node) => node.name === step.node)?.role === 'control-plane' ? step.node : undefined;
}

export function neededFacts(context: RunContext, steps: readonly PlanStep[]): FactId[] {
  const ids = new Set<FactId>();
  for (const step of steps) {
    for (const id of factsOf(context.setting, step)) ids.add(id);
    const role = context.plan.nodes.find((node) => node.name === step.node)?.role;
    for (const name of askedBeforeSteps(actionOf(context.setting, step)?.guards ?? [])) {
      const guard = guards.get(name);
      if (role !== undefined && guard?.roles?.includes(role) === false) continue;
      for (const id of guard?.facts ?? []) ids.add(id);
    }
    if (step.if !== undefined) for (const id of factsIn(step.if, true)) ids.add(id);
  }
  return [...ids];
}

function hopOf(plan: Plan, step: PlanStep): PlanHop | undefined {
  return plan.phases.find((phase) => phase.steps.includes(step))?.hop;
}

function conditionHolds(context: RunContext, step: PlanStep, condition: string, facts: Facts): boolean {
  const node = context.inventory.nodes.find((candidate) => candidate.name === step.node);
  const scope = scopeFor(context.inventory, context.plan.inputs, facts, node, step.env, hopOf(context.plan, step));
  const result = evaluateCondition(condition, scope);
  if (result.ok) return result.value;
  throw new Failure('step-failed', `${step.id} on ${step.node}: if: ${result.error.message}`);
}

async function askGuards(
  context: RunContext,
  step: PlanStep,
  ids: readonly FactId[],
  first: Facts,
): Promise<readonly Finding[]> {
  const action = actionOf(context.setting, step);
  const asked = askedBeforeSteps(action?.guards ?? []);
  if (!action || asked.length === 0) return [];
  const { node, with: options } = contextOf(context.setting, action, step, first);
  const deadline = context.clock.now() + PATIENCE;
  const everywhere = asked.some((name) => guards.get(name)?.everywhere === true);
  let facts = everywhere ? await refresh(context, step, ids, PATIENCE, true) : first;
  for (;;) {
    const judged = checkStep(
      {
        run: context.run,
        nodes: context.setting.nodes,
        before: facts,
        after: project(context.setting, step, facts),
        step: { id: step.id, node, action, with: options },
      },
      asked,
    );
    const findings = applyOverrides(judged, context.plan.overrides);
    const refusals = findings.filter((finding) => finding.severity === 'refuse');
    const lasts = refusals.some((finding) => guards.get(finding.guard)?.lasting === true);
    if (refusals.length === 0 || lasts || context.clock.now() >= deadline || context.control.stop.aborted) {
      for (const finding of findings)
        if (isNews(context, finding)) context.emit({ type: 'finding', finding: { ...finding, step: step.id } });
      return refusals;
    }
    context.emit({
      type: 'step-progress',
      step: step.id,
      node: step.node,
      title: step.title,
      message: `waiting: ${refusals[0]?.summary ?? ''}`,
    });
    await context.clock.sleep(3000, context.control.stop);
    facts = await refresh(context, step, ids, PATIENCE, everywhere);
  }
}

const told = new WeakMap<RunContext, Set<string>>();

/** What a guard sees on every node is told by the first step that asks it, not by each of its batch. */
function isNews(context: RunContext, { guard, node, summary }: Finding): boolean {
  if (guards.get(guard)?.everywhere !== true) return true;
  const known = told.get(context) ?? new Set();
  told.set(context, known);
  const key = `${guard} ${node ?? ''} ${summary}`;
  const isNew = !known.has(key);
  known.add(key);
  return isNew;
}
