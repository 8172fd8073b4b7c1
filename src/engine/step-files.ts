import type { FetchedFile } from '../actions/lib/abilities.ts';
import type { Facts } from '../facts/facts.ts';
import { contextOf, type PlannedStep } from '../plan/bind.ts';
import { templateOf } from '../plan/filled.ts';
import type { RunContext } from './context.ts';
import { fetchFile, makeSecret, pruneOlder, type Route, sendFile } from './transfer.ts';

/** Brings the files of a step to where its script is going to run. @throws Failure: then nothing was started */
export async function sendFiles(context: RunContext, step: PlannedStep, host: string): Promise<void> {
  const { action } = step;
  if (!action.sends) return;
  const view = contextOf(step, await withTemplate(context, step));
  const route = routeOf(context, step, host);
  for (const file of action.sends(view)) await sendFile(route, file);
}

/** Read again for each attempt: what is sent is compared with what was planned. */
async function withTemplate({ facts = { nodes: {} }, state }: RunContext, step: PlannedStep): Promise<Facts> {
  const path = templateOf(step.action, step.draft.with);
  if (path === undefined) return facts;
  const local = { [path]: await state.localFiles.describe(path, true) };
  return { ...facts, files: { nodes: {}, ...facts.files, local } };
}

/**
 * What the script of a step is to find in files in memory, by their names: secrets of the operator, and those that are
 * made for one attempt. @throws Failure: then nothing was started
 */
export async function secretsOf(context: RunContext, step: PlannedStep, host: string): Promise<Record<string, string>> {
  const { action } = step;
  const secrets: Record<string, string> = {};
  for (const [name, input] of Object.entries(step.secrets ?? {})) {
    if (!context.secret) throw new Error(`no one reads the secret of input ${input}`);
    secrets[name] = await context.secret(input);
  }
  const from = action.makes ? context.observer.controlPlane(host) : '';
  for (const made of action.makes?.(contextOf(step, context.facts ?? { nodes: {} })) ?? [])
    secrets[made.name] = await makeSecret(routeOf(context, step, host), from, made);
  return secrets;
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
    links: context.links,
    localFiles: context.state.localFiles,
    host,
    progress: (message) => {
      context.emit({ type: 'step-progress', ...step.ref, message });
    },
  };
}
