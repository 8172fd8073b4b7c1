#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';
import { Command, CommanderError } from 'commander';
import { createProgram } from './commands/program.ts';
import { Failure, type FailureKind } from './failure.ts';

// Output streams through short-lived buffers: without this the young generation grows by some 20 MB for nothing.
setFlagsFromString('--semi-space-growth-factor=1');

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
    process.exitCode = exitCode(error);
  }
}

/** A failure has been told by its command; anything else is ours to tell. */
function exitCode(error: unknown): number {
  if (error instanceof Failure) return EXIT_CODES[error.kind];
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`this is a bug in runbook: ${text}\n`);
  return 1;
}

/** The lab brings a whole simulated cluster along: loaded only where it is named. */
async function lab(): Promise<Command> {
  if (process.argv[2] === 'lab') return (await import('./commands/lab.ts')).labCommand();
  return new Command('lab').description('a simulated cluster behind real SSH servers');
}

try {
  const program = createProgram(run);
  program.addCommand(await lab());
  await program.parseAsync();
} catch (error) {
  // Help and --version come here too, with 0; every other word of commander's is about usage.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = exitCode(error);
}
