import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import type { Clock } from '../../engine/clock.ts';
import { messageOf } from '../../failure.ts';
import { loadDbos, recoverWorkflowsOf } from './packages.ts';
import { isLost, patiently } from './patience.ts';
import { DatabaseFleetStore } from './database-store.ts';
import { DBOS_SCHEMA, exclusively } from './tables.ts';
import { Watch } from './watch.ts';
import { APPLICATION, DRIVE_QUEUE, registerWorkflows, siteQueue, WORKFLOWS_VERSION } from './workflows.ts';
import { beat, beats, owners, signOff, type WorkerEntry } from './workers.ts';
import { ClusterWork, type ClusterTools } from './work.ts';

/** Milliseconds between two looks of a worker into a queue. */
const POLL = 500;

export interface WorkerOptions {
  readonly site: string;
  /** Milliseconds between two of its heartbeats. */
  readonly interval: number;
  readonly version: string;
  readonly clock: Clock;
  readonly tools: ClusterTools;
  readonly info: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly debug: (text: string) => void;
  /** Its runs end after the steps that run, and another worker continues them. */
  readonly stop: AbortSignal;
  /** The runs are left alone, and live on. */
  readonly leave: AbortSignal;
}

/** Works for one site until it is stopped. */
export async function work(pool: Pool, options: WorkerOptions): Promise<void> {
  const { site, interval, clock, info } = options;
  const dbos = await loadDbos();
  const { DBOS } = dbos;
  const worker = `${site}-${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const about = `${hostname()}, process ${process.pid}, runbook ${options.version}`;
  const entry: WorkerEntry = { worker, site, about, interval };
  const lost = new Losses(options.warn, info);
  const store = new DatabaseFleetStore(pool);
  const clusters = new ClusterWork(store, worker, options, (tried) => patiently(clock, tried, lost.note));
  registerWorkflows(dbos, clusters);
  DBOS.setConfig({
    name: APPLICATION,
    // Never connected to: the pool is given. The form alone is looked at.
    systemDatabaseUrl: 'postgres://runbook@pool.invalid/runbook',
    systemDatabasePool: pool,
    systemDatabaseSchemaName: DBOS_SCHEMA,
    executorID: worker,
    applicationVersion: WORKFLOWS_VERSION,
    listenQueues: [DRIVE_QUEUE, siteQueue(site)],
    tracingEnabled: false,
    enableOTLP: false,
    logger: loggerOf(options.debug),
  });
  // Registered before it can have any work: who owns work and has no counter is gone.
  await beat(pool, entry);
  // Its migrations keep no one else out.
  await exclusively(pool, options.clock, () => DBOS.launch());
  for (const queue of [DRIVE_QUEUE, siteQueue(site)])
    await DBOS.registerQueue(queue, { minPollingIntervalMs: POLL, onConflict: 'always_update' });
  info(`worker ${worker} of site ${site} is ready`);
  await Promise.all([beating(pool, entry, options, lost), watching(pool, options, clusters, lost)]);
  // Others take over what is not over from here on, and wait for the locks of the runs that end their step.
  await signOff(pool, worker).catch(lost.note);
  await DBOS.shutdown();
  await clusters.ended();
  info(`worker ${worker} ends`);
}

async function beating(pool: Pool, entry: WorkerEntry, { clock, stop }: WorkerOptions, lost: Losses): Promise<void> {
  while (!stop.aborted) {
    await clock.sleep(entry.interval, stop);
    if (!stop.aborted) await beat(pool, entry).then(lost.found, lost.note);
  }
}

/** Looks for workers that are gone, and for fleet runs that were cancelled. */
async function watching(
  pool: Pool,
  { clock, stop, interval, info }: WorkerOptions,
  clusters: ClusterWork,
  lost: Losses,
): Promise<void> {
  const watch = new Watch(interval);
  while (!stop.aborted) {
    try {
      const gone = watch.look(await beats(pool), await owners(pool), performance.now());
      const count = gone.length > 0 ? await recoverWorkflowsOf(gone) : 0;
      if (count > 0)
        info(`${gone.join(', ')} ${gone.length > 1 ? 'are' : 'is'} gone: ${count} of its workflows are free again`);
      await clusters.lookForCancelled();
    } catch (error) {
      lost.note(error);
      watch.lost(performance.now());
    }
    await clock.sleep(interval, stop);
  }
}

/** Says once that the database is lost, and once that it is back. */
class Losses {
  readonly #warn: (text: string) => void;
  readonly #info: (text: string) => void;
  #isLost = false;

  constructor(warn: (text: string) => void, info: (text: string) => void) {
    this.#warn = warn;
    this.#info = info;
  }

  /** @throws what is no loss of the database */
  readonly note = (error: unknown): void => {
    if (!isLost(error)) throw error;
    if (!this.#isLost) this.#warn(`the database does not answer (${messageOf(error)}): runs under way continue`);
    this.#isLost = true;
  };

  readonly found = (): void => {
    if (this.#isLost) this.#info('the database answers again');
    this.#isLost = false;
  };
}

/** DBOS's own messages are of interest to its developers alone; what matters of them is shown in our words. */
function loggerOf(debug: (text: string) => void) {
  const write = (level: string) => (entry: unknown) => debug(`dbos ${level}: ${messageOf(entry)}`);
  return { info: write('info'), debug: () => undefined, warn: write('warning'), error: write('error') };
}
