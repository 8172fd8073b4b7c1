import { dirname } from 'node:path';
import { actions } from '../actions/registry.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { resolveInputs } from '../documents/inputs.ts';
import type { Inventory, Loaded, Runbook } from '../documents/model.ts';
import { readInventory, readRunbook } from '../documents/read.ts';
import { resolveRunbookPath } from '../documents/runbook-path.ts';
import { checkMembership } from '../documents/membership-checks.ts';
import { checkSelection } from '../documents/runbook-checks.ts';
import { selectNodes } from '../documents/selectors.ts';
import { hasErrors } from '../documents/source.ts';
import { missingSources } from '../documents/sources.ts';
import { Failure } from '../failure.ts';
import type { Override } from '../guards/lib/override.ts';
import { type Chosen, hopsTarget } from '../plan/hops.ts';
import type { Plan } from '../plan/plan.ts';
import { draftWindow } from '../plan/window.ts';
import type { Console } from './console.ts';
import { inventoryFor } from './kept-inventory.ts';
import { type CommonOptions, inventoryFile } from './options.ts';
import { parseOverrides } from './overrides.ts';
import { parsePlanDigest } from './plan-digest.ts';
import { loadSavedPlan, type SavedPlan } from './saved-plan.ts';
import { guardSources, sourcesOf } from './secret-sources.ts';
import type { KeptFacts } from './source.ts';

/** A document that has no errors. */
export type Valid<T> = Loaded<T> & { readonly value: T };

export interface Documents {
  readonly runbook: Valid<Runbook>;
  readonly inventory: Valid<Inventory>;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Patches of the hops in between, where they were given. */
  readonly chosen?: Chosen;
  readonly limit?: string;
  readonly overrides: readonly Override[];
  /** The argument, if it was a plan; the documents are those it was made of, as they are now. */
  readonly saved?: SavedPlan;
}

/**
 * Reads runbook, inventory and inputs, also of a saved plan. @param kept the facts file that the inventory is taken from
 * @throws Failure (document) after it shows all problems
 */
export async function loadDocuments(
  console: Console,
  argument: string,
  given: CommonOptions & { readonly planDigest?: string },
  kept?: KeptFacts,
): Promise<Documents> {
  const saved = await loadSavedPlan(argument, given, parsePlanDigest(given.planDigest));
  const options = saved?.options ?? given;
  const runbook = await findRunbook(saved?.plan.runbook.file ?? argument);
  const inventory = await (kept ? keptInventory(kept, given) : findInventory(options));
  const inputs = runbook.value
    ? resolveInputs(runbook.value, options.set ?? [], dirname(runbook.file))
    : { values: {}, diagnostics: [] };
  const diagnostics = [...runbook.diagnostics, ...inventory.diagnostics, ...inputs.diagnostics];
  if (runbook.value && inventory.value)
    diagnostics.push(
      ...checkSelection(runbook.value, inventory.value),
      ...checkMembership(runbook.value, inventory.value, actions),
      ...limitProblems(options.limit, inventory.value),
      ...missingSources(runbook.value, inputs.values, inventory.value, actions),
    );
  showDiagnostics(console, diagnostics);
  if (!isValid(runbook) || !isValid(inventory)) throw invalid(diagnostics);
  const secret = Object.entries(runbook.value.inputs).filter(([, { type }]) => type === 'secret');
  const named = secret.map(([name]) => String(inputs.values[name] ?? ''));
  await guardSources(console, [...sourcesOf(inventory.value), ...named]);
  draftWindow({ file: runbook.file, value: runbook.value }, inputs.values);
  if (runbook.value.hops) hopsTarget(runbook.value, inventory.value, inputs.values, inputs.via);
  const way = saved?.plan.way;
  return {
    runbook,
    inventory,
    inputs: inputs.values,
    ...(inputs.via && { chosen: { via: inputs.via } }),
    ...(way && { chosen: { saved: way.through } }),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
    overrides: parseOverrides(options.override, inventory.value),
    ...(saved && { saved }),
  };
}

/** @throws Failure (document) after showing every problem */
export async function loadValidRunbook(console: Console, argument: string): Promise<Valid<Runbook>> {
  const runbook = await findRunbook(argument);
  showDiagnostics(console, runbook.diagnostics);
  if (!isValid(runbook)) throw invalid(runbook.diagnostics);
  return runbook;
}

/** Of a facts file: where one is named too, its own problems come first. */
async function keptInventory(kept: KeptFacts, { inventory: file }: CommonOptions): Promise<Loaded<Inventory>> {
  if (file === undefined) return inventoryFor(kept, undefined);
  const named = await readInventory(file);
  return isValid(named) ? inventoryFor(kept, named) : named;
}

/** @throws Failure (document) after showing every problem */
export async function loadSubject(
  console: Console,
  options: CommonOptions,
  kept?: KeptFacts,
): Promise<Valid<Inventory>> {
  if (!kept) return loadValidInventory(console, inventoryFile(options));
  if (options.inventory === undefined) return inventoryFor(kept, undefined);
  return inventoryFor(kept, await loadValidInventory(console, options.inventory));
}

/** @throws Failure (document) after showing every problem */
export async function loadValidInventory(console: Console, file: string): Promise<Valid<Inventory>> {
  const inventory = await readInventory(file);
  showDiagnostics(console, inventory.diagnostics);
  if (!isValid(inventory)) throw invalid(inventory.diagnostics);
  await guardSources(console, sourcesOf(inventory.value));
  return inventory;
}

/** Shows diagnostics. @throws Failure (document) when one is an error. */
export function showDiagnostics(console: Console, diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) console.emit({ type: 'diagnostic', diagnostic });
  if (hasErrors(diagnostics)) throw invalid(diagnostics);
}

/** @throws Failure (document) */
export function requireSameCluster({ file, value }: Valid<Inventory>, plan: Plan): void {
  if (value.cluster === plan.inventory.cluster) return;
  throw new Failure('document', `${file} is of cluster ${value.cluster}, the run is of ${plan.inventory.cluster}`);
}

/** Where no inventory was named, the problem shows how to name one. */
async function findInventory(options: CommonOptions): Promise<Loaded<Inventory>> {
  const inventory = await readInventory(inventoryFile(options));
  if (inventory.text !== '' || options.inventory !== undefined) return inventory;
  const hint = 'name it by -i FILE or $RUNBOOK_INVENTORY; `runbook init` writes one';
  return { ...inventory, diagnostics: inventory.diagnostics.map((one) => ({ ...one, detail: one.detail ?? hint })) };
}

async function findRunbook(argument: string): Promise<Loaded<Runbook>> {
  const path = resolveRunbookPath(argument);
  if (path.ok) return readRunbook(path.value, actions);
  return { file: argument, text: '', digest: '', diagnostics: [path.diagnostic] };
}

function isValid<T>(document: Loaded<T>): document is Valid<T> {
  return document.value !== undefined;
}

function invalid(diagnostics: readonly Diagnostic[]): Failure {
  const errors = diagnostics.filter((one) => one.severity === 'error').length;
  return new Failure('document', `${errors} ${errors === 1 ? 'problem' : 'problems'} found; nothing was contacted`);
}

function limitProblems(limit: string | undefined, inventory: Inventory): Diagnostic[] {
  if (limit === undefined) return [];
  return selectNodes([limit], inventory).problems.map((one) => ({
    severity: 'error',
    code: 'node-pattern',
    summary: `--limit: ${one.message}`,
    ...(one.detail === undefined ? {} : { detail: one.detail }),
  }));
}
