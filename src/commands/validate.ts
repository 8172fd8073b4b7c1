import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { actions } from '../actions/registry.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { resolveInputs } from '../documents/inputs.ts';
import { isPartKind } from '../documents/kinds.ts';
import { checkInventories, type Fleet } from '../documents/fleet.ts';
import type { Loaded } from '../documents/model.ts';
import { readInventory } from '../documents/read.ts';
import { type AnyDocument, loadAny } from '../documents/read-any.ts';
import { resolveRunbookPath } from '../documents/runbook-path.ts';
import { missingSources } from '../documents/sources.ts';
import { shellProblems } from '../documents/shell-syntax.ts';
import { checkTogether } from '../documents/together.ts';
import { withConsole } from '../run/console.ts';
import { collect, type CommonOptions, outputOptions, type Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('<file.yaml...>', 'paths, or names of files in ./runbooks'))
    .addOption(new Option('--set <key=value>', 'check inputs of the runbooks too; may be repeated').argParser(collect))
    .action((files: string[], options: CommonOptions) => run(() => validate(files, options)));
}

/** Contacts no node and runs nothing; shells read the scripts with `-n`. */
function validate(files: readonly string[], options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const documents = await Promise.all(files.map((file) => loadAny(pathOf(file), actions)));
    let failed = false;
    for (const document of documents) {
      const diagnostics = [
        ...document.loaded.diagnostics,
        ...(document.kind === 'Runbook' ? await furtherProblems(document, documents, options.set) : []),
        ...(document.kind === 'Fleet' ? await inventoryProblems(document.loaded) : []),
        ...(isPartKind(document.kind) ? await shellProblems(document.loaded, actions) : []),
      ];
      for (const diagnostic of diagnostics) console.emit({ type: 'diagnostic', diagnostic });
      const errors = diagnostics.filter((one) => one.severity === 'error').length;
      failed ||= errors > 0;
      const { file } = document.loaded;
      const text = errors === 0 ? `${file}: ok` : `${file}: ${errors} ${errors === 1 ? 'error' : 'errors'}`;
      console.emit({ type: 'message', level: errors === 0 ? 'info' : 'error', text, detail: [] });
    }
    return failed ? 2 : 0;
  });
}

/** Of a fleet: what is wrong with the inventories that it names. */
async function inventoryProblems({ value }: Loaded<Fleet>): Promise<Diagnostic[]> {
  if (!value) return [];
  const read = await Promise.all(
    value.clusters.map(async ({ name, file }) => [name, await readInventory(file)] as const),
  );
  return checkInventories(value, new Map(read));
}

/** A path as it is; a name in ./runbooks or among the program's own as `plan` takes it. */
function pathOf(argument: string): string {
  if (existsSync(argument)) return argument;
  const found = resolveRunbookPath(argument);
  return found.ok ? found.value : argument;
}

/** Of a runbook alone: its scripts and inputs; and with each inventory that was named. */
async function furtherProblems(
  { loaded }: Extract<AnyDocument, { kind: 'Runbook' }>,
  documents: readonly AnyDocument[],
  set: readonly string[] | undefined,
): Promise<Diagnostic[]> {
  const found = await shellProblems(loaded, actions);
  const runbook = loaded.value;
  if (!runbook) return found;
  const inputs = resolveInputs(runbook, set ?? []);
  if (set) found.push(...inputs.diagnostics);
  const inventories = documents.filter((one) => one.kind === 'Inventory');
  if (inventories.length === 0) found.push(...missingSources(runbook, inputs.values, undefined, actions));
  for (const { loaded: inventory } of inventories) {
    if (!inventory.value) continue;
    const problems = [
      ...checkTogether(runbook, inventory.value, actions),
      ...missingSources(runbook, inputs.values, inventory.value, actions),
    ];
    const where = inventories.length > 1 ? ` (with ${inventory.file})` : '';
    found.push(...problems.map((one) => ({ ...one, summary: `${one.summary}${where}` })));
  }
  return found;
}
