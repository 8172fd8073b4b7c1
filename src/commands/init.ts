import { type Command, Option } from 'commander';
import { loadInventory } from '../documents/inventory.ts';
import { namedRunbooks } from '../documents/runbook-path.ts';
import type { Found } from '../init/found.ts';
import { proposal } from '../init/next.ts';
import { writeInventory } from '../init/write.ts';
import { type Console, withConsole } from '../run/console.ts';
import { findNodes, FORMATS, type InitOptions, loginOf, requireFree, save, sourceOf } from '../run/init.ts';
import { showDiagnostics } from '../run/load.ts';
import { outputOptions, repeated, type Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('[file]', 'what --from reads; a kubeconfig is found as kubectl finds it, too'))
    .addOption(new Option('--from <format>', 'the kind of the file').choices(FORMATS))
    .option('--host <address>', 'log in to this control plane and ask it: [user@]host[:port]')
    .option('-o, --out <file>', 'the inventory to write; - is the standard output', 'inventory.yaml')
    .option('--user <name>', 'the user to log in as, where the source names none')
    .option('--identity-file <file>', 'a private key, where the source names none; may be repeated', repeated, [])
    .option('--known-hosts <file>', 'a file of host keys, where the source names none; may be repeated', repeated, [])
    .action((file: string | undefined, options: InitOptions) => run(() => init(file, options)));
}

/** Finds the nodes, writes the inventory, shows what is not known and what comes next. Changes nothing else. */
function init(file: string | undefined, options: InitOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console, atEnd) => {
    const source = sourceOf(file, options);
    requireFree(options);
    const found = await findNodes(console, atEnd, source, options);
    const { text, unknown } = writeInventory(found, { ssh: loginOf(options), command: source.command });
    // What a source has and an inventory does not take, such as an address that is none.
    showDiagnostics(console, loadInventory(`(made of ${source.command})`, text).diagnostics);
    await save(console, options.out, text);
    show(console, options.out, found, unknown);
    return 0;
  });
}

function show(console: Console, out: string, found: Found, unknown: readonly string[]): void {
  const count = `${found.nodes.length} ${found.nodes.length === 1 ? 'node' : 'nodes'}`;
  const version = found.version === undefined ? '' : `, Kubernetes ${found.version}`;
  console.info(`${out === '-' ? 'printed' : `wrote ${out}`}: ${count}${version}`);
  if (unknown.length > 0) console.warn('look at these, which are marked in the inventory', unknown);
  const file = out === '-' ? 'inventory.yaml' : out;
  const { steps, notes } = proposal(
    found,
    file,
    namedRunbooks().map(({ name }) => name),
  );
  const width = Math.max(...steps.map(({ command }) => command.length));
  const lines = [...steps.map((step) => `${step.command.padEnd(width)}   # ${step.for}`), ...notes];
  if (console.output === 'json') console.info('next:', lines);
  // Without the times of progress: these are to be copied.
  else process.stderr.write(`\nNext:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
