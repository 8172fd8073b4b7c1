import { existsSync } from 'node:fs';
import { Failure } from '../failure.ts';
import { killedPlanning } from '../journal/planning.ts';
import type { RunStore } from '../journal/store.ts';
import { contactedNodes } from '../plan/plan.ts';
import { dateAndClock } from '../render/text.ts';
import { resumeCommand } from './again.ts';
import type { Console } from './console.ts';
import { findOnNodes } from './from-nodes.ts';
import { loadValidInventory } from './load.ts';

/**
 * Before `resume` says that there is nothing to resume, as a script would take that for success.
 * @throws Failure (unfinished-run) for an apply that was killed before its run began, and, without an inventory given,
 *   for a run that only the nodes of the last run's inventory know
 */
export async function refuseUnfinishedElsewhere(
  console: Console,
  store: RunStore,
  cluster: string | undefined,
): Promise<void> {
  const killed = await killedPlanning(store.root, cluster);
  if (killed) {
    const { runbook, cluster: on, pid, host, startedAt } = killed.holder;
    throw new Failure('unfinished-run', `an apply of ${runbook} on ${on} ended before its run began`, [
      `Its process ${pid} on ${host}, started ${dateAndClock(startedAt)}, is gone. It had changed nothing.`,
      `Give its command again: ${killed.command}`,
    ]);
  }
  if (cluster === undefined) await refuseOnLastNodes(console, store);
}

async function refuseOnLastNodes(console: Console, store: RunStore): Promise<void> {
  const [latest] = await store.ids();
  if (latest === undefined) return;
  const { plan } = await store.read(latest);
  const { file } = plan.inventory;
  if (contactedNodes(plan).length === 0) return;
  if (!existsSync(file)) {
    console.warn(`only this state folder was looked at: ${file}, the inventory of the last run, is gone`);
    return;
  }
  const found = await findOnNodes(console, store, await loadValidInventory(console, file), {
    run: undefined,
    planDigest: undefined,
  });
  if ('reason' in found) return;
  const { run, plan: theirs, nodes } = found;
  throw new Failure('unfinished-run', `run ${run} of ${theirs.runbook.name} is not finished`, [
    `This state folder does not know it; ${nodes.join(', ')} ${nodes.length === 1 ? 'does' : 'do'}.`,
    `Continue it from here: ${resumeCommand(run, store.root, file)}`,
  ]);
}
