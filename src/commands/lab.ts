import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { PACKAGE_ROOT } from '../package-root.ts';
import type { Run } from '../run/options.ts';

/** All words behind `lab` are the lab's, `--help` too. */
export function define(command: Command, run: Run): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => run(() => lab(command.args)));
}

/** The lab is a package of its own. @returns the exit code */
async function lab(words: readonly string[]): Promise<number> {
  const found = await import('runbook-lab').catch(orMissing);
  if (found) return found.runLab(words);
  process.stderr.write(`error: the lab is not installed
  The lab, a simulated cluster to try runbooks on, is a package of its own.
  Install it: ${installCommand()}
`);
  return 2;
}

/** The lab's own commands, for completion; undefined where it is not installed. */
export async function labCommand(): Promise<Command | undefined> {
  return (await import('runbook-lab').catch(orMissing))?.labCommand();
}

/** @throws what the import threw, unless the package itself is missing */
function orMissing(error: unknown): undefined {
  const isMissing =
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes("package 'runbook-lab'");
  if (!isMissing) throw error;
}

/** Puts the lab beside this program: into the same checkout, project or global folder. */
function installCommand(): string {
  const program = resolve(PACKAGE_ROOT);
  const modules = dirname(program);
  if (basename(modules) !== 'node_modules') return `npm ci${prefix(program)}`;
  const project = dirname(modules);
  const isProject = existsSync(join(project, 'package.json'));
  const { version }: { version: string } = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8'));
  return `npm install runbook-lab@${version}${isProject ? prefix(project) : ' --global'}`;
}

function prefix(folder: string): string {
  return folder === process.cwd() ? '' : ` --prefix ${folder}`;
}
