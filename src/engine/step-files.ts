import type { FetchedFile } from '../actions/lib/abilities.ts';
import { contextOf, type PlannedStep } from '../plan/bind.ts';
import type { RunContext } from './context.ts';
import { bringFile, fetchFile, pruneOlder, type Route, sendFile } from './transfer.ts';

/** Brings the files of a step to where its script is going to run. @throws Failure: then nothing was started */
export async function sendFiles(context: RunContext, step: PlannedStep, host: string): Promise<void> {
  const { action } = step;
  if (!action.sends && !action.makes) return;
  const view = contextOf(step, context.facts ?? { nodes: {} });
  const route = routeOf(context, step, host);
  for (const file of action.sends?.(view) ?? []) await sendFile(route, file);
  for (const file of action.makes?.(view) ?? []) await bringFile(route, context.observer.controlPlane(host), file);
}

/** Brings a step's result files to the operator's machine. @throws Failure: the script succeeded, it is not rerun */
export async function fetchFiles(context: RunContext, step: PlannedStep): Promise<void> {
  const host = context.progress.get(step.key)?.last?.host ?? step.node.name;
  for (const file of fetchedBy(context, step)) await fetchFile(routeOf(context, step, host), file);
}

/** Once they are known to be good: deletes older ones that are not to be kept. */
export async function pruneOlderFiles(context: RunContext, step: PlannedStep): Promise<void> {
  for (const file of fetchedBy(context, step)) await pruneOlder(file);
}

function fetchedBy(context: RunContext, step: PlannedStep): readonly FetchedFile[] {
  return step.action.fetches?.(contextOf(step, context.facts ?? { nodes: {} })) ?? [];
}

function routeOf(context: RunContext, step: PlannedStep, host: string): Route {
  return {
    fleet: context.fleet,
    localFiles: context.state.localFiles,
    host,
    progress: (message) => {
      context.emit({ type: 'step-progress', ...step.ref, message });
    },
  };
}
