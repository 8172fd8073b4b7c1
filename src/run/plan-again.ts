import { dirname, join } from 'node:path';
import { actions } from '../actions/registry.ts';
import { inputText } from '../documents/inputs.ts';
import type { Runbook } from '../documents/model.ts';
import { loadRunbook } from '../documents/runbook.ts';
import type { Plan } from '../plan/plan.ts';
import { stateDirWords } from './again.ts';
import { overrideText } from './overrides.ts';
import { quote } from '../transport/quote.ts';

/**
 * The command that plans or applies the runbook of a plan again, with what its own was given.
 * @param stateDir where what that command keeps or reads is looked for
 */
export function again(
  command: 'plan' | 'apply' | 'rehearse',
  { inputs, inventory, limit, runbook, overrides = [] }: Plan,
  stateDir?: string,
): string {
  const specs = runbookIn({ runbook })?.inputs ?? {};
  const set = Object.entries(inputs).filter(([name, value]) => inputText(value) !== inputText(specs[name]?.default));
  return [
    `runbook ${command} ${quote(runbook.file)} -i ${quote(inventory.file)}`,
    ...set.map(([name, value]) => `--set ${quote(`${name}=${inputText(value)}`)}`),
    ...(limit === undefined ? [] : [`--limit ${quote(limit)}`]),
    ...overrides.map((one) => `--override ${quote(overrideText(one))}`),
  ]
    .join(' ')
    .concat(stateDir === undefined ? '' : stateDirWords(stateDir));
}

/** The runbook of a plan as it was when that was made; undefined: this version of the program does not read it. */
export function runbookIn({ runbook: { file, text, parts = [] } }: Pick<Plan, 'runbook'>): Runbook | undefined {
  const texts = new Map(parts.map((part) => [join(dirname(file), part.file), part.text]));
  return loadRunbook(file, text, actions, (path) => {
    const value = texts.get(path);
    return value === undefined ? { ok: false, why: 'the plan does not have it' } : { ok: true, value };
  }).value;
}

/**
 * The command that runs exactly this plan: any other has another digest, and is refused.
 * @param file where the plan is saved; undefined: it is made again
 * @param via patches of the hops in between, where they were given
 */
export function applyCommand(plan: Plan, file: string | undefined, via: readonly string[] | undefined): string {
  if (file !== undefined) return `runbook apply ${quote(file)} --plan-digest ${plan.digest}`;
  const hops = via === undefined ? '' : ` --set ${quote(`via=${via.join(',')}`)}`;
  return `${again('apply', plan)}${hops} --plan-digest ${plan.digest}`;
}
