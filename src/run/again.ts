import { quote } from '../transport/quote.ts';

/**
 * The command that continues a run of this state folder, from the folder and environment that it is shown in.
 * `inventory`: where the state folder does not know the run.
 */
export function resumeCommand(run: string, stateDir: string, inventory?: string): string {
  const nodes = inventory === undefined ? '' : ` -i ${quote(inventory)}`;
  return `runbook resume ${run}${nodes}${stateDirWords(stateDir)}`;
}

/** ` --state-dir DIR`, or nothing where that is the folder without it. */
export function stateDirWords(stateDir: string): string {
  const usual = process.env.RUNBOOK_STATE_DIR ?? '.runbook';
  return stateDir === usual ? '' : ` --state-dir ${quote(stateDir)}`;
}

/** The command line of this process, to be given again in the same folder. */
export function thisCommand(): string {
  return ['runbook', ...process.argv.slice(2).map(quote)].join(' ');
}

/** The command that ends a run of this state folder, from the folder and environment that it is shown in. */
export function closeCommand(run: string, stateDir: string): string {
  return resumeCommand(run, stateDir).replace('resume', 'close');
}
