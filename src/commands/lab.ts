import type { Command } from 'commander';
import { findLab, loadLab } from '../rehearse/lab-package.ts';
import type { Run } from '../run/options.ts';

/** All words behind `lab` are the lab's, `--help` too. */
export function define(command: Command, run: Run): void {
  command
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(() => run(async () => (await loadLab()).runLab(command.args)));
}

/** The lab's own commands, for completion; undefined where it is not installed. */
export async function labCommand(): Promise<Command | undefined> {
  return (await findLab())?.labCommand();
}
