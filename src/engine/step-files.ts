import type { Action, ActionContext, FetchedFile } from '../actions/action.ts';
import { actionOf, contextOf } from '../plan/judge.ts';
import { stepKey } from '../plan/key.ts';
import type { PlanStep } from '../plan/plan.ts';
import type { RunContext } from './context.ts';
import { bringFile, fetchFile, pruneOlder, type Route, sendFile } from './transfer.ts';

/** Brings the files of a step to where its script is going to run. @throws Failure: then nothing was started */
export async function sendFiles(context: RunContext, step: PlanStep, host: string): Promise<void> {
  const { action, view } = viewOf(context, step);
  for (const file of (view && action?.sends?.(view)) ?? []) await sendFile(routeOf(context, step, host), file);
  for (const file of (view && action?.makes?.(view)) ?? [])
    await bringFile(routeOf(context, step, host), context.observer.controlPlane(host), file);
}

/** Brings what a step's script left behind to the operator's machine. @throws Failure: the script itself has succeeded, and is not run again */
export async function fetchFiles(context: RunContext, step: PlanStep): Promise<void> {
  const host = context.progress.get(stepKey(step.node, step.id))?.last?.host ?? step.node;
  for (const file of fetchedBy(context, step)) await fetchFile(routeOf(context, step, host), file);
}

/** Once they are known to be good: deletes older ones that are not to be kept. */
export async function pruneOlderFiles(context: RunContext, step: PlanStep): Promise<void> {
  for (const file of fetchedBy(context, step)) await pruneOlder(file);
}

function fetchedBy(context: RunContext, step: PlanStep): readonly FetchedFile[] {
  const { action, view } = viewOf(context, step);
  return (view && action?.fetches?.(view)) ?? [];
}

function viewOf(
  context: RunContext,
  step: PlanStep,
): { readonly action?: Action; readonly view?: ActionContext<unknown> } {
  const action = actionOf(context.setting, step);
  if (!action?.sends && !action?.makes && !action?.fetches) return {};
  return { action, view: contextOf(context.setting, action, step, context.facts ?? { nodes: {} }) };
}

function routeOf(context: RunContext, step: PlanStep, host: string): Route {
  return {
    fleet: context.fleet,
    host,
    tell: (message) => {
      context.emit({ type: 'step-progress', step: step.id, node: step.node, title: step.title, message });
    },
  };
}
