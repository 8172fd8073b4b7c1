#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { applyCommand } from './commands/apply.ts';
import { labCommand } from './commands/lab.ts';
import { logsCommand } from './commands/logs.ts';
import { planCommand } from './commands/plan.ts';
import { resumeCommand } from './commands/resume.ts';
import { runsCommand, statusCommand } from './commands/status.ts';
import { schemaCommand, validateCommand } from './commands/validate.ts';
import { Failure, type FailureKind } from './failure.ts';

/** The contract's table of exit codes; the compiler holds it complete. */
const EXIT_CODES: Readonly<Record<FailureKind, number>> = {
  'step-failed': 1,
  'unfinished-run': 1,
  usage: 2,
  document: 2,
  'guard-refused': 3,
  locked: 4,
  unreachable: 5,
  cancelled: 130,
};

async function run(work: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await work();
  } catch (error) {
    process.exitCode = tell(error);
  }
}

function tell(error: unknown): number {
  if (error instanceof Failure) return EXIT_CODES[error.kind];
  process.stderr.write(
    `this is a bug in runbook: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

function version(): string {
  const file: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return file.version;
}

const program = new Command('runbook')
  .description('Upgrade a live Kubernetes cluster over SSH, one node at a time: planned, guarded, resumable.')
  .version(version())
  .showHelpAfterError('(see --help)')
  .exitOverride();
applyCommand(program, run);
planCommand(program, run);
resumeCommand(program, run);
statusCommand(program, run);
runsCommand(program, run);
logsCommand(program, run);
validateCommand(program, run);
schemaCommand(program, run);
program.addCommand(labCommand());

try {
  await program.parseAsync();
} catch (error) {
  // Help and --version come here too, with 0; every other word of commander's is about usage.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = tell(error);
}
