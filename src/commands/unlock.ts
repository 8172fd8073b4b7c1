import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { describeHolder, lifeOf, type LockHolder, stillAlive } from '../journal/lock.ts';
import { claimsIn } from '../journal/lock-snapshot.ts';
import { RunStore } from '../journal/store.ts';
import { FolderFleetStore } from '../fleet/embedded/folder-store.ts';
import { type Console, withConsole } from '../run/console.ts';
import { loadValidInventory } from '../run/load.ts';
import { connectLockNodes, type Locks } from '../run/locks.ts';
import { type CommonOptions, inventoryFile, outputOptions, type Run, stateDir } from '../run/options.ts';

interface Options extends CommonOptions {
  readonly force?: string;
}

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('<lock-id>'))
    .option('-i, --inventory <file>', 'the nodes (else $RUNBOOK_INVENTORY, else ./inventory.yaml)')
    .option('--force <reason>', 'also where the holder shows life; the reason is shown to its operator')
    .action((id: string, options: Options) => run(() => unlock(id, options)));
}

/**
 * Releases the lock of that id, here and on the nodes; a lock with another id is left alone and named, and so is one
 * whose holder shows life.
 */
function unlock(id: string, options: Options): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    if (!/^[0-9a-f]+$/.test(id)) throw new Failure('usage', `not the id of a lock: ${id}`);
    if (options.force?.trim() === '')
      throw new Failure('usage', '--force: give the reason, which its operator is shown');
    if (await unlockFleet(console, id, options)) return 0;
    const inventory = await loadValidInventory(console, inventoryFile(options));
    const { links, locks } = await connectLockNodes(console, new RunStore(stateDir(options)), inventory);
    atEnd(() => links.close());
    const { force } = options;
    const here = (await locks.local.look())?.holder;
    if (force === undefined) await requireDead(id, here, locks);
    const release =
      force === undefined ? undefined : { by: `${userInfo().username}@${hostname()}`, reason: force.trim() };
    const there = await locks.nodes?.unlock(id, release);
    const released = [...(there?.released ?? [])];
    if (here?.id === id) {
      await locks.local.unlock(id);
      released.push('this state folder');
    }
    for (const { node, problem } of there?.snapshot.missing ?? [])
      console.warn(`cannot look at the lock on ${node}: ${problem}`);
    const claims = there ? claimsIn(there.snapshot) : [];
    const present = [...(here ? [here] : []), ...claims.map((claim) => claim.holder)];
    if (released.length === 0) throw nothingReleased(id, inventory.value.cluster, present);
    const was = present.find((holder) => holder.id === id);
    console.info(`released lock ${id} on ${released.join(', ')}`, was && describeHolder(was));
    return 0;
  });
}

/** Of the driver of a fleet run in the state folder: it has no nodes of its own. @returns false: it is no such lock */
async function unlockFleet(console: Console, id: string, options: Options): Promise<boolean> {
  const store = new FolderFleetStore(stateDir(options));
  const driven = await store.lockOf(id);
  if (!driven) return false;
  const { run, holder } = driven;
  if (options.force === undefined && (await lifeOf(holder)) === 'alive')
    throw stillAlive(holder, `process ${holder.pid} on this host drives its clusters`);
  await store.unlock(run, id);
  console.info(`released lock ${id} of fleet run ${run}`, [
    ...describeHolder(holder),
    `To continue it: runbook fleet resume ${run}`,
  ]);
  return true;
}

/** @throws Failure (locked) */
async function requireDead(id: string, here: LockHolder | undefined, { nodes }: Locks): Promise<void> {
  if (here?.id === id && (await lifeOf(here)) === 'alive')
    throw stillAlive(here, `process ${here.pid} on this host runs`);
  const claims = nodes ? claimsIn(await nodes.look()) : [];
  const claim = claims.find(({ holder }) => holder.id === id);
  if (claim) await nodes?.requireDead(claim);
}

function nothingReleased(id: string, cluster: string, present: readonly LockHolder[]): Failure {
  const holders = new Map(present.map((holder) => [holder.id, holder]));
  if (holders.size === 0) return new Failure('usage', `there is no lock on ${cluster}`);
  return new Failure('locked', `the lock on ${cluster} has another id than ${id}`, [
    ...[...holders.values()].flatMap(describeHolder),
    'Nothing was released.',
  ]);
}
