import type { Inventory } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import { readDocument } from '../documents/text.ts';
import { sha256 } from '../digest.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';
import type { Console } from './console.ts';
import type { Valid } from './load.ts';
import type { RunRecord } from './record.ts';

/** The operator's answer for a step whose outcome is unknown. */
export interface Treat {
  readonly node: string;
  readonly step: string;
  readonly as: 'done' | 'again';
}

/** `NODE/STEP=done|again`. @throws Failure (usage) */
export function parseTreat(text: string, plan: Plan): Treat {
  const match = /^([^/]+)\/([^=]+)=(done|again)$/.exec(text);
  const [, node = '', step = '', as] = match ?? [];
  const known = stepsOfPlan(plan);
  if (!match || !known.some((one) => one.node === node && one.id === step)) {
    throw new Failure(
      'usage',
      `--treat ${text}: not a planned step of this run, in the form NODE/STEP=done or NODE/STEP=again`,
      ['The steps and their ids: `runbook status -v`.'],
    );
  }
  return { node, step, as: as === 'done' ? 'done' : 'again' };
}

export async function applyTreat({ journal, steps }: RunRecord, treat: Treat, by: string): Promise<void> {
  const key = stepKey(treat.node, treat.step);
  const known = steps.get(key);
  if (known?.outcome !== 'unknown') {
    throw new Failure(
      'usage',
      `--treat ${key}: its outcome is known (${known?.outcome ?? 'it has not ended'}); only an unknown one can be answered`,
    );
  }
  await journal.append({ type: 'step-treated', step: treat.step, node: treat.node, as: treat.as, by });
  if (treat.as === 'done') steps.set(key, { ...known, outcome: 'changed', reason: `${by} reported it done` });
  else steps.set(key, { ...known, treatedAgain: true });
}

/**
 * A resume follows the frozen plan: edits of the runbook have no effect on it, which the editor should know. Logins and
 * addresses are those of the inventory as it is now.
 */
export async function warnOfEdits(console: Console, plan: Plan, inventory: Valid<Inventory>): Promise<void> {
  const read = await readDocument(plan.runbook.file);
  if (read.ok && sha256(read.value) !== plan.runbook.digest)
    console.warn(`${plan.runbook.file} was edited since the run began; the run follows its own plan, made before that`);
  if (inventory.digest === plan.inventory.digest) return;
  const now = new Map(inventory.value.nodes.map(({ name, host }) => [name, host]));
  const moved = plan.nodes.filter(({ name, host }) => now.get(name) !== host);
  console.warn(
    `${inventory.file} is not the inventory that the run was planned with, or was edited since; it says how nodes are reached`,
    moved.map(({ name, host }) => `${name}: planned at ${host}, now ${now.get(name) ?? 'not in the inventory'}`),
  );
}
