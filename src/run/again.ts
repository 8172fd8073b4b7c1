import { dirname, join } from 'node:path';
import { actions } from '../actions/registry.ts';
import { inputText } from '../documents/inputs.ts';
import { loadRunbook } from '../documents/runbook.ts';
import type { Plan } from '../plan/plan.ts';
import { quote } from '../transport/quote.ts';

/**
 * The command that continues a run of this state folder, from the folder and environment that it is shown in.
 * `inventory`: where the state folder does not know the run.
 */
export function resumeCommand(run: string, stateDir: string, inventory?: string): string {
  const usual = process.env.RUNBOOK_STATE_DIR ?? '.runbook';
  const nodes = inventory === undefined ? '' : ` -i ${quote(inventory)}`;
  return `runbook resume ${run}${nodes}${stateDir === usual ? '' : ` --state-dir ${quote(stateDir)}`}`;
}

/** The command line of this process, to be given again in the same folder. */
export function thisCommand(): string {
  return ['runbook', ...process.argv.slice(2).map(quote)].join(' ');
}

/** The command that ends a run of this state folder, from the folder and environment that it is shown in. */
export function closeCommand(run: string, stateDir: string): string {
  return resumeCommand(run, stateDir).replace('resume', 'close');
}

/** The command that plans or applies the runbook of a plan once more, with what its own was given. */
export function again(command: 'plan' | 'apply', { inputs, inventory, limit, runbook }: Plan): string {
  const texts = new Map((runbook.parts ?? []).map(({ file, text }) => [join(dirname(runbook.file), file), text]));
  const read = (path: string) => {
    const value = texts.get(path);
    return value === undefined
      ? { ok: false as const, why: 'the plan does not have it' }
      : { ok: true as const, value };
  };
  const specs = loadRunbook(runbook.file, runbook.text, actions, read).value?.inputs ?? {};
  const set = Object.entries(inputs).filter(([name, value]) => inputText(value) !== inputText(specs[name]?.default));
  return [
    `runbook ${command} ${quote(runbook.file)} -i ${quote(inventory.file)}`,
    ...set.map(([name, value]) => `--set ${quote(`${name}=${inputText(value)}`)}`),
    ...(limit === undefined ? [] : [`--limit ${quote(limit)}`]),
  ].join(' ');
}
