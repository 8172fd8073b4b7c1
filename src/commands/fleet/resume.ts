import { Failure } from '../../failure.ts';
import type { FleetBook } from '../../fleet/book.ts';
import { againOf } from '../../fleet/decide.ts';
import { thisActor } from '../../fleet/embedded/driver.ts';
import { foldFleet, type FleetState } from '../../fleet/state.ts';
import { type Console, withConsole } from '../../run/console.ts';
import { stateDir } from '../../run/options.ts';
import { driveHere } from './drive.ts';
import type { FleetDatabase } from './in-database.ts';
import { databaseOf, type FleetOptions, openStore } from './options.ts';

export interface ResumeOptions extends FleetOptions {
  readonly retry: readonly string[];
  readonly treat: readonly string[];
}

/** Ends the pause of a fleet run that is driven, or drives one on that is not. */
export function fleetResume(id: string | undefined, options: ResumeOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const database = await databaseOf(console, atEnd, options);
    const store = database?.book ?? openStore(options);
    const run = id ?? (await resumable(store));
    if (run === undefined) {
      console.info(
        `nothing to resume: every fleet run ${database ? 'of the database' : `in ${stateDir(options)}`} is done or cancelled`,
      );
      return 0;
    }
    const { plan, records, driver } = await store.read(run);
    const state = foldFleet(plan, records);
    if (state.ended?.outcome === 'done' || state.ended?.outcome === 'cancelled') {
      console.info(`nothing to resume: fleet run ${run} is ${state.ended.outcome}`);
      return 0;
    }
    const treats = parseTreats(options.treat, state);
    for (const name of options.retry) requireFailed(state, name, '--retry');
    for (const one of treats) await store.request(run, { type: 'settle', by: thisActor(), ...one });
    if (database) return resumeInDatabase(console, database, run, state, options.retry);
    if (driver.life === 'alive') {
      if (options.retry.length > 0) throw alive(run, driver.about);
      if (state.pausedBy !== undefined) await store.request(run, { type: 'unpause', by: thisActor() });
      else if (treats.length === 0) throw alive(run, driver.about);
      console.info(`asked the driver of ${run}: ${driver.about}`);
      return 0;
    }
    if (state.pausedBy !== undefined) await store.request(run, { type: 'unpause', by: thisActor() });
    return driveHere(console, atEnd, { store: openStore(options), run, plan, retry: options.retry });
  });
}

/** Ends the pause of a run that workers drive, or has them drive one again that failed. */
async function resumeInDatabase(
  console: Console,
  { operator, book }: FleetDatabase,
  run: string,
  state: FleetState,
  retry: readonly string[],
): Promise<number> {
  const by = thisActor();
  if (state.pausedBy !== undefined) await book.request(run, { type: 'unpause', by });
  const isAgain =
    state.ended !== undefined &&
    (await operator.resume(run, ({ plan, records }) => {
      const now = foldFleet(plan, records);
      const again = [...new Set([...againOf(plan, now), ...retry])];
      return now.ended?.outcome === 'failed' ? [{ type: 'fleet-resumed', by, again }] : [];
    }));
  if (!isAgain && retry.length > 0)
    throw new Failure('locked', `fleet run ${run} is driven by workers: clusters run again once it is over`);
  console.info(isAgain ? `workers continue fleet run ${run}` : `asked the workers that drive ${run}`);
  return 0;
}

function alive(run: string, about: string): Failure {
  return new Failure('locked', `fleet run ${run} is driven already: ${about}`, [
    `Look at it: runbook fleet status ${run}`,
  ]);
}

/** The latest that has not ended well, and was not cancelled. */
async function resumable(store: FleetBook): Promise<string | undefined> {
  for (const run of await store.runs()) {
    const { plan, records } = await store.read(run);
    const outcome = foldFleet(plan, records).ended?.outcome;
    if (outcome === undefined || outcome === 'failed') return run;
  }
  return undefined;
}

/** `eu3=done`, `eu3=skip:REASON`. @throws Failure (usage) */
function parseTreats(
  given: readonly string[],
  state: FleetState,
): { readonly cluster: string; readonly reason: string }[] {
  return given.map((text) => {
    const [, cluster = '', answer = '', reason = ''] = /^([^=]+)=(done|skip)(?::(.+))?$/.exec(text) ?? [];
    if (answer === '' || (answer === 'skip' && reason === ''))
      throw new Failure('usage', `--treat ${text}: it has the form CLUSTER=done or CLUSTER=skip:REASON`);
    requireFailed(state, cluster, '--treat');
    return { cluster, reason: answer === 'done' ? 'it counts as done' : reason };
  });
}

function requireFailed({ clusters }: FleetState, name: string, option: string): void {
  const cluster = clusters.get(name);
  if (cluster?.standing === 'failed') return;
  const failed = [...clusters].flatMap(([other, { standing }]) => (standing === 'failed' ? [other] : []));
  throw new Failure(
    'usage',
    `${option} ${name}: ${cluster ? `it has not failed, it is ${cluster.standing}` : 'there is no such cluster'}`,
    [failed.length === 0 ? 'No cluster has failed.' : `Failed: ${failed.join(', ')}`],
  );
}
