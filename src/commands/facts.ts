import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { anonymised } from '../facts-file/anonymised.ts';
import { factsText } from '../facts-file/document.ts';
import { quote } from '../transport/quote.ts';
import { programVersion } from '../package-root.ts';
import { count } from '../render/text.ts';
import { type AtEnd, type Console, withConsole } from '../run/console.ts';
import { chosenNodes } from '../run/judge.ts';
import { loadDocuments, loadSubject } from '../run/load.ts';
import { type CommonOptions, documentOptions, type Run, stateDir } from '../run/options.ts';
import { requireWritable, writeOutput } from '../run/output-file.ts';
import { readAllFacts } from '../run/read-facts-file.ts';
import { scopeOf } from '../run/scope.ts';
import { openSource } from '../run/source.ts';

interface Options extends CommonOptions {
  readonly out?: string;
  readonly anonymise?: boolean;
}

export function define(command: Command, run: Run): void {
  const words = "a path, or a file's name in ./runbooks; with it, what its steps look at is read too";
  documentOptions(command.argument('[runbook.yaml]', words))
    .option('-o, --out <file>', 'write them to this file, for its owner alone, and not to stdout')
    .option('--anonymise', 'replace names, addresses, labels and texts that someone chose, the same by the same')
    .action((file: string | undefined, options: Options) => run(() => facts(file, options)));
}

/** Reads, and changes nothing: for `plan`, `preflight` and `rehearse` without a node, and for whoever helps. */
function facts(file: string | undefined, options: Options): Promise<number> {
  if (file === undefined && (options.set ?? []).length > 0)
    throw new Failure('usage', '--set needs a runbook, whose inputs it sets', [
      'Name the runbook: runbook facts RUNBOOK',
    ]);
  // The document alone is on stdout, whatever the form of the progress.
  const shown = options.output === 'json' ? { ...options, output: 'plain' as const } : options;
  return withConsole(shown, 'stderr', async (console, atEnd) => {
    if (options.out !== undefined) await requireWritable(options.out);
    const whole = await read(console, atEnd, file, options);
    const document = options.anonymise === true ? anonymised(whole) : whole;
    const unread = whole.asked.unread ?? [];
    for (const { node, facts: ids, stderr, command, code, reason } of unread)
      console.warn(`${ids.join(', ')} of ${node} could not be read, which the facts say`, [
        reason ?? `\`${command}\` exited with ${code}`,
        ...stderr,
      ]);
    if (options.out === undefined) process.stdout.write(factsText(document));
    else {
      await writeOutput(options.out, factsText(document));
      const plan = `runbook plan ${file === undefined ? 'RUNBOOK' : quote(file)} --facts ${quote(options.out)}`;
      console.info(`wrote the facts of ${count(document.asked.nodes.length, 'node')} to ${options.out}`, [
        `Without a node: ${plan}`,
      ]);
    }
    return 0;
  });
}

async function read(console: Console, atEnd: AtEnd, file: string | undefined, options: Options) {
  const documents = file === undefined ? undefined : await loadDocuments(console, file, options);
  const inventory = documents?.inventory ?? (await loadSubject(console, options));
  const chosen = new Set([
    ...chosenNodes({ inventory, overrides: [], ...(options.limit !== undefined && { limit: options.limit }) }),
    ...(documents ? scopeOf(documents).nodes : []),
  ]);
  // Whatever is chosen, the cluster is known by its control planes.
  const nodes = inventory.value.nodes
    .filter(({ name, role }) => chosen.has(name) || role === 'control-plane')
    .map(({ name }) => name);
  const dial = { inventory, nodes, minors: [], stateDir: stateDir(options) };
  const source = await openSource(console, atEnd, dial, undefined);
  return readAllFacts(console, source, {
    inventory,
    nodes,
    program: programVersion(),
    ...(documents && { documents }),
  });
}
