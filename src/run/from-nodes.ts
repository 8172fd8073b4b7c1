import type { Inventory } from '../documents/model.ts';
import type { Fleet } from '../engine/fleet.ts';
import { Failure } from '../failure.ts';
import { bestCopy, type Copy, newestUnfinished, readCopies, requireReadable } from '../journal/copies.ts';
import { foldJournal, isSettled } from '../journal/progress.ts';
import { type FoundAttempt, rebuildRecords, writeRebuilt } from '../journal/rebuild.ts';
import type { RunStore } from '../journal/store.ts';
import { stepKey } from '../plan/key.ts';
import { contactedNodes, type Plan } from '../plan/plan.ts';
import type { Connection } from './connect.ts';
import type { Console } from './console.ts';
import type { Valid } from './load.ts';
import { connectLockNodes, type Locks } from './locks.ts';

/** The newest unfinished run of the cluster (or the named one) as its nodes know it; or why there is none. */
export async function findOnNodes(
  console: Console,
  store: RunStore,
  inventory: Valid<Inventory>,
  run: string | undefined,
): Promise<Copy | string> {
  const { cluster } = inventory.value;
  const { fleet, locks } = await connectLockNodes(console, store, inventory);
  const { lockNodes } = locks;
  try {
    const { copies, missing } = await readCopies(lockNodes, run);
    requireReadable(lockNodes.nodes, missing);
    for (const { node, problem } of missing) console.warn(`cannot read the copies on ${node}: ${problem}`);
    const asked = lockNodes.nodes.filter((node) => !missing.some((one) => one.node === node)).join(', ');
    if (run === undefined) {
      const found = newestUnfinished(copies, { cluster });
      return found ?? `no unfinished run of ${cluster} in ${store.root}, nor on ${asked}`;
    }
    const best = bestCopy(copies);
    if (!best) throw new Failure('usage', `no run ${run} in ${store.root}, nor on ${asked}`);
    return copies.some((copy) => copy.over) ? `run ${run} is over, as ${asked} report` : best;
  } finally {
    await fleet.close();
  }
}

/**
 * If the nodes know a later epoch than the journal here, or there is no journal here, it is rebuilt from the best copy
 * and from the attempts that the nodes know. Needs the lock.
 * @throws Failure (unreachable) when a node is away whose attempts decide what is left to do
 */
export async function takeNewerCopy(
  console: Console,
  store: RunStore,
  { run, plan }: { readonly run: string; readonly plan: Plan },
  { lockNodes }: Locks,
  { fleet }: Connection,
): Promise<void> {
  const epoch = await knownEpoch(store, run);
  const { copies, missing } = await readCopies(lockNodes, run);
  if (epoch === 0) requireReadable(lockNodes.nodes, missing);
  const best = bestCopy(copies);
  if (!best || best.epoch <= epoch) return;
  const found = await findAttempts(fleet, plan, lockNodes.nodes, best);
  const records = rebuildRecords(best, found, Date.now());
  await writeRebuilt(store, best, records);
  const from = copies.filter((copy) => copy.epoch === best.epoch).map((copy) => copy.node);
  const attempts = found.length === 1 ? 'one attempt' : `${found.length} attempts`;
  console.info(`rebuilt run ${run} from ${from.join(', ')}; ${attempts} found on the nodes`, [
    ...(epoch === 0 ? [] : [`The journal here ended at epoch ${epoch}, theirs at ${best.epoch}.`]),
    ...(records.length === best.records.length
      ? []
      : [`${records.length - best.records.length} records were added for what the copy did not know.`]),
  ]);
}

/** The epoch of the journal here; 0 where there is none. */
async function knownEpoch(store: RunStore, run: string): Promise<number> {
  if (!(await store.ids()).includes(run)) return 0;
  return (await store.read(run)).progress.epoch;
}

/** Asks every node that may know an attempt of an unsettled step: the step's own, and those that run kubectl. */
async function findAttempts(
  fleet: Fleet,
  plan: Plan,
  lockNodes: readonly string[],
  copy: Copy,
): Promise<readonly FoundAttempt[]> {
  const { steps } = foldJournal(copy.records);
  const open = plan.phases
    .flatMap((phase) => phase.steps)
    .filter((step) => !isSettled(steps.get(stepKey(step.node, step.id))?.outcome));
  const needed = new Set([...lockNodes, ...open.map((step) => step.node)]);
  const hosts = new Set([...needed, ...contactedNodes(plan)]);
  const problems: string[] = [];
  const found = await Promise.all(
    [...hosts].map(async (node) => {
      try {
        return (await fleet.once(node, (remote) => remote.list(copy.run))).map(({ id }) => ({ node, id }));
      } catch (error) {
        if (needed.has(node)) problems.push(`${node}: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    }),
  );
  if (problems.length === 0) return found.flat();
  throw new Failure('unreachable', 'cannot rebuild the run: what ran on nodes that do not answer is not known', [
    ...problems,
    'When they answer, give the same command again; or start over with `runbook apply --new`.',
  ]);
}
