import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, messageOf } from '../../failure.ts';
import { writeSynced } from '../../journal/store.ts';
import { makeFolder } from '../../make-folder.ts';
import { withConsole } from '../../run/console.ts';
import { databaseOf, type PlanOptions } from './options.ts';
import { prepareFleet, requireNoneRefused, showFleetPlan } from './prepare.ts';

/** Contacts every cluster, changes none. */
export function fleetPlan(fleet: string, runbook: string, options: PlanOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console, atEnd) => {
    const folder = options.out ?? (await mkdtemp(join(tmpdir(), 'runbook-fleet-')));
    if (options.out === undefined) atEnd(() => rm(folder, { recursive: true, force: true }));
    else
      await makeFolder(folder).catch((error: unknown) => {
        throw new Failure('usage', `cannot write ${folder}: ${messageOf(error)}`);
      });
    const database = await databaseOf(console, atEnd, options);
    const prepared = await prepareFleet(console, fleet, runbook, folder, options, database);
    showFleetPlan(console, prepared);
    const { plan } = prepared;
    if (options.out !== undefined && plan)
      await writeSynced(join(folder, 'fleet-plan.json'), `${JSON.stringify(plan, null, 1)}\n`);
    requireNoneRefused(prepared.planned);
    if (options.out !== undefined && console.output !== 'json')
      console.info(`saved in ${folder}; \`runbook fleet apply ${folder}\` runs just that`);
    return 0;
  });
}
