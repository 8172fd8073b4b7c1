import { Failure } from '../../failure.ts';
import type { FleetBook } from '../../fleet/book.ts';
import { thisActor } from '../../fleet/embedded/driver.ts';
import { resumption, type Wishes } from '../../fleet/resumption.ts';
import { foldFleet, type FleetState } from '../../fleet/state.ts';
import { type AtEnd, type Console, withConsole } from '../../run/console.ts';
import { stateDir } from '../../run/options.ts';
import { confirmResume, type Resumed } from './confirm-resume.ts';
import { driveHere } from './drive.ts';
import type { FleetDatabase } from './in-database.ts';
import { databaseOf, type FleetOptions, openStore } from './options.ts';

export interface ResumeOptions extends FleetOptions {
  readonly retry: readonly string[];
  readonly treat: readonly string[];
  readonly yes?: boolean;
}

/** Ends the pause of a fleet run that is driven, which asks nothing; or asks once, and drives one on that is not. */
export function fleetResume(id: string | undefined, options: ResumeOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const database = await databaseOf(console, atEnd, options);
    const book = database?.book ?? openStore(options);
    const run = id ?? (await resumable(book));
    if (run === undefined) {
      console.info(
        `nothing to resume: every fleet run ${database ? 'of the database' : `in ${stateDir(options)}`} is done or cancelled`,
      );
      return 0;
    }
    const fleetRun = await book.read(run);
    const state = foldFleet(fleetRun.plan, fleetRun.records);
    if (state.ended?.outcome === 'done' || state.ended?.outcome === 'cancelled') {
      console.info(`nothing to resume: fleet run ${run} is ${state.ended.outcome}`);
      return 0;
    }
    const wishes = wishesOf(options, state);
    const resumed = { fleetRun, state, wishes };
    return database
      ? resumeInDatabase(console, database, resumed, options)
      : resumeHere(console, atEnd, resumed, options);
  });
}

async function resumeHere(console: Console, atEnd: AtEnd, resumed: Resumed, options: ResumeOptions): Promise<number> {
  const { state, wishes } = resumed;
  const { run, plan, driver } = resumed.fleetRun;
  const store = openStore(options);
  if (driver.life === 'alive' || driver.life === 'elsewhere') {
    const isAsked = state.pausedBy !== undefined || wishes.settle.length > 0;
    if (wishes.retry.length > 0 || !isAsked)
      throw new Failure('locked', `fleet run ${run} is driven already: ${driver.about}`, [
        lookAt(run),
        ...(driver.life === 'elsewhere' && driver.lock !== undefined
          ? [`Nothing here can tell whether that process lives. If it is gone: runbook unlock ${driver.lock}`]
          : []),
      ]);
    await askDriver(store, run, state, wishes);
    console.info(`asked the driver of ${run}: ${driver.about}`);
    return 0;
  }
  await confirmResume(console, store, resumed, options);
  if (state.pausedBy !== undefined) await store.request(run, { type: 'unpause', by: thisActor() });
  return driveHere(console, atEnd, { store, run, plan, wishes });
}

/** Ends the pause of a run that workers drive, or has them drive one again that failed. */
async function resumeInDatabase(
  console: Console,
  { operator, book }: FleetDatabase,
  resumed: Resumed,
  options: ResumeOptions,
): Promise<number> {
  const { state, wishes } = resumed;
  const { run } = resumed.fleetRun;
  if (!state.ended) {
    if (wishes.retry.length > 0)
      throw new Failure('locked', `fleet run ${run} is driven by workers: clusters run again once it is over`);
    await askDriver(book, run, state, wishes);
    console.info(`asked the workers that drive ${run}`);
    return 0;
  }
  await confirmResume(console, book, resumed, options);
  const by = thisActor();
  if (state.pausedBy !== undefined) await book.request(run, { type: 'unpause', by });
  const isAgain = await operator.resume(run, ({ plan, records }) => {
    const now = foldFleet(plan, records);
    return now.ended?.outcome === 'failed' ? resumption(plan, now, by, wishes) : [];
  });
  if (!isAgain) throw new Failure('locked', `someone else continued fleet run ${run} meanwhile`, [lookAt(run)]);
  console.info(`workers continue fleet run ${run}`);
  return 0;
}

function lookAt(run: string): string {
  return `Look at it: runbook fleet status ${run}`;
}

/** Has whatever drives a fleet run end its pause, and settle clusters. */
async function askDriver(book: FleetBook, run: string, state: FleetState, { settle }: Wishes): Promise<void> {
  const by = thisActor();
  for (const one of settle) await book.request(run, { type: 'settle', by, ...one });
  if (state.pausedBy !== undefined) await book.request(run, { type: 'unpause', by });
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

/** @throws Failure (usage) where an option names no failed cluster */
function wishesOf({ retry, treat }: ResumeOptions, state: FleetState): Wishes {
  const settle = treat.map((text) => parseTreat(text, state));
  for (const name of retry) {
    requireFailed(state, name, '--retry');
    if (settle.some(({ cluster }) => cluster === name))
      throw new Failure('usage', `--retry ${name}: --treat settles it, so that it does not run again`);
  }
  return { retry, settle };
}

/** `eu3=done`, `eu3=skip:REASON`. @throws Failure (usage) */
function parseTreat(text: string, state: FleetState): Wishes['settle'][number] {
  const [, cluster = '', answer = '', reason = ''] = /^([^=]+)=(done|skip)(?::(.+))?$/.exec(text) ?? [];
  if (answer === '' || (answer === 'skip' && reason === ''))
    throw new Failure('usage', `--treat ${text}: it has the form CLUSTER=done or CLUSTER=skip:REASON`);
  requireFailed(state, cluster, '--treat');
  return { cluster, reason: answer === 'done' ? 'it counts as done' : reason };
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
