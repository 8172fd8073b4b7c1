import { Failure } from '../failure.ts';
import { describeHolder, type LockHolder, LocalLock } from '../journal/lock.ts';
import { claimsIn } from '../journal/lock-snapshot.ts';
import { withConsole } from '../run/console.ts';
import { nodeLockOn, reachKeepers, sayOn } from '../run/lock-nodes.ts';
import { loadValidInventory } from '../run/load.ts';
import { type CommonOptions, inventoryFile, stateDir } from '../run/options.ts';

/** Releases the lock of that id, here and on the nodes; a lock with another id is left alone and named. */
export function unlock(id: string, options: CommonOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console) => {
    if (!/^[0-9a-f]+$/.test(id)) throw new Failure('usage', `not the id of a lock: ${id}`);
    const inventory = await loadValidInventory(console, inventoryFile(options));
    const { cluster } = inventory.value;
    const { fleet, lockNodes } = await reachKeepers(console, inventory, stateDir(options));
    try {
      const local = new LocalLock(stateDir(options), cluster);
      const here = (await local.look())?.holder;
      const { released, picture } = await nodeLockOn(console, lockNodes).unlock(id);
      const places = [...released];
      if (here?.id === id) {
        await local.unlock(id);
        places.push('this state folder');
      }
      for (const { node, problem } of picture.missing)
        sayOn(console)(`cannot look at the lock on ${node}: ${problem}`, []);
      const present = [...(here ? [here] : []), ...claimsIn(picture).map((claim) => claim.holder)];
      if (places.length === 0) throw nothingReleased(id, cluster, present);
      const was = present.filter((holder) => holder.id === id).slice(0, 1);
      sayOn(console, 'info')(`released lock ${id} on ${places.join(', ')}`, was.flatMap(describeHolder));
      return 0;
    } finally {
      await fleet.close();
    }
  });
}

function nothingReleased(id: string, cluster: string, present: readonly LockHolder[]): Failure {
  const holders = new Map(present.map((holder) => [holder.id, holder]));
  if (holders.size === 0) return new Failure('usage', `there is no lock on ${cluster}`);
  return new Failure('locked', `the lock on ${cluster} has another id than ${id}`, [
    ...[...holders.values()].flatMap(describeHolder),
    'Nothing was released.',
  ]);
}
