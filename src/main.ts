import { Command, CommanderError } from 'commander';
import { addCommands } from './commands/registry.ts';
import { asFailure } from './engine/trouble.ts';
import { EXIT_CODES, isShown } from './failure.ts';
import { programVersion } from './package-root.ts';
import { redactText } from './redact.ts';
import { flushed, isReaderGone, survivingReaders } from './render/renderer.ts';
import { sourceStack } from './source-stack.ts';

async function run(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    process.exitCode = exitCode(error);
  }
}

/** The only place that tells the operator's world from a bug. A command shows its failures itself; the rest is here. */
function exitCode(error: unknown): number {
  const failure = asFailure(error);
  if (failure) {
    const lines = [`error: ${failure.message}`, ...failure.detail.map((line) => `  ${line}`), ''];
    if (!isShown(failure)) process.stderr.write(redactText(lines.join('\n')));
    return EXIT_CODES[failure.kind];
  }
  const text = error instanceof Error ? sourceStack(error.stack ?? error.message) : String(error);
  process.stderr.write(`this is a bug in runbook: ${redactText(text)}\n`);
  return 1;
}

/** One command, from its words to its exit code. */
export async function main(words: readonly string[]): Promise<void> {
  // `| head`, or a terminal that is gone: no command crashes on what it writes then.
  for (const stream of [process.stdout, process.stderr]) survivingReaders(stream);
  // Any other failure to write (a full disk) loses output that someone wanted.
  let unwritten: Error | undefined;
  const onError = (error: Error): void => {
    if (!isReaderGone(error)) unwritten ??= error;
  };
  process.stdout.on('error', onError);
  try {
    const program = new Command('runbook')
      .description('Upgrade a live Kubernetes cluster over SSH, one node at a time: planned, guarded, resumable.')
      .version(programVersion())
      .showHelpAfterError('(see --help)')
      .configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}` })
      .exitOverride();
    await addCommands(program, words, run);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    // Help and --version come here too, with 0; every other error of commander is about usage.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else process.exitCode = exitCode(error);
  }
  await flushed(process.stdout);
  process.stdout.off('error', onError);
  if (unwritten) {
    process.stderr.write(`error: cannot write the output: ${unwritten.message}\n`);
    if (process.exitCode === 0) process.exitCode = 1;
  }
}
