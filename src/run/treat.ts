import { isBad } from '../event.ts';
import { dirname, join } from 'node:path';
import type { Inventory } from '../documents/model.ts';
import { Failure } from '../failure.ts';
import { readText } from '../documents/text.ts';
import { stepsOfPlan } from '../plan/all-steps.ts';
import { stepKey } from '../plan/key.ts';
import type { Plan } from '../plan/plan.ts';
import { treated } from '../journal/fold-step.ts';
import type { StepProgress } from '../journal/progress.ts';
import type { Treatment } from '../journal/record.ts';
import type { Console } from './console.ts';
import type { Valid } from './load.ts';
import type { RunRecord } from './record.ts';

/** The operator's answer for a step that failed, or whose outcome is unknown. */
export interface Treat {
  readonly node: string;
  readonly step: string;
  readonly as: Treatment;
  readonly reason?: string;
}

const FORM = 'NODE/STEP=done, NODE/STEP=again or NODE/STEP=skip:REASON';

/** Answers of the form `NODE/STEP=done|again|skip[:REASON]`, one for a step. @throws Failure (usage) */
export function parseTreats(texts: readonly string[], plan: Plan): Treat[] {
  const treats = texts.map((text) => parseTreat(text, plan));
  const keys = treats.map(({ node, step }) => stepKey(node, step));
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twice !== undefined) throw new Failure('usage', `--treat: there are two answers for ${twice}`);
  return treats;
}

function parseTreat(text: string, plan: Plan): Treat {
  const match = /^([^/]+)\/([^=]+)=(done|again|skip)(?::(.*))?$/s.exec(text);
  const [, node = '', step = '', as, reason = ''] = match ?? [];
  const answer = (['done', 'again', 'skip'] as const).find((one) => one === as);
  if (!answer || !stepsOfPlan(plan).some((one) => one.node === node && one.id === step)) {
    throw new Failure('usage', `--treat ${text}: not a planned step of this run, in the form ${FORM}`, [
      'The steps and their ids: `runbook status -v`.',
    ]);
  }
  const why = reason.trim();
  return { node, step, as: answer, ...(why !== '' && { reason: why }) };
}

/** @throws Failure (usage) where a step needs no answer */
export function requireTreatable(steps: ReadonlyMap<string, StepProgress>, treats: readonly Treat[]): void {
  for (const { node, step } of treats) {
    const key = stepKey(node, step);
    const why = noAnswer(steps.get(key));
    if (why === undefined) continue;
    throw new Failure('usage', `--treat ${key}: ${why}`, [
      'Only a step that failed, or whose outcome is unknown, takes an answer. `runbook status` shows which.',
    ]);
  }
}

/** What a step is that needs no answer, in words. */
function noAnswer(known: StepProgress | undefined): string | undefined {
  const { outcome, reason = '', last, continued } = known ?? {};
  const why = reason === '' ? '' : ` (${reason})`;
  if (continued === true) return `it failed${why}, and the runbook let its node continue (continueOnError)`;
  if (isBad(outcome)) return undefined;
  if (outcome !== undefined) return `it has ended as ${outcome}${why}`;
  if (!last) return 'it has not begun; the run comes to it';
  if (!last.ended) return `its attempt ${last.attempt} on ${last.host} has no end yet; the run follows it`;
  return `its attempt ${last.attempt} has ended; the run judges it`;
}

/** Writes the answers down, and makes of the steps what they say. @throws Failure */
export async function applyTreats(
  console: Console,
  { journal, steps }: RunRecord,
  treats: readonly Treat[],
  by: string,
): Promise<void> {
  requireTreatable(steps, treats);
  for (const treat of treats) {
    const key = stepKey(treat.node, treat.step);
    const known = steps.get(key) ?? { attempts: 0 };
    await journal.append({ type: 'step-treated', ...treat, by });
    const now = treated(known, { ...treat, by });
    steps.set(key, now);
    const outcome = treat.as === 'again' ? 'it is done again' : `${now.outcome ?? ''}, ${now.reason ?? ''}`;
    console.info(`${key}: was ${known.outcome ?? ''} (${known.reason ?? ''}); now ${outcome}`);
  }
}

/**
 * A resume follows the frozen plan: edits of the runbook have no effect on it, which the editor should know. Logins and
 * addresses are those of the inventory as it is now.
 */
export function warnOfEdits(console: Console, plan: Plan, inventory: Valid<Inventory>): void {
  const { file, text, parts = [] } = plan.runbook;
  const files = [
    { path: file, text },
    ...parts.map((part) => ({ path: join(dirname(file), part.file), text: part.text })),
  ];
  for (const { path, text: before } of files) {
    const now = readText(path);
    if (now.ok && now.value !== before)
      console.warn(`${path} was edited since the run began; the run follows its own plan, made before that`);
  }
  if (inventory.digest === plan.inventory.digest) return;
  const now = new Map(inventory.value.nodes.map(({ name, host }) => [name, host]));
  const moved = plan.nodes.filter(({ name, host }) => now.get(name) !== host);
  console.warn(
    `${inventory.file} is not the inventory that the run was planned with, or was edited since; it says how nodes are reached`,
    moved.map(({ name, host }) => `${name}: planned at ${host}, now ${now.get(name) ?? 'not in the inventory'}`),
  );
}
