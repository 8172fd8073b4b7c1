import { resolve } from 'node:path';
import { realClock } from '../../engine/clock.ts';
import { Failure } from '../../failure.ts';
import { databaseAddress } from '../../fleet/database/address.ts';
import { Inventories, requireFolder } from '../../fleet/database/inventories.ts';
import { patiently } from '../../fleet/database/patience.ts';
import { planCluster } from '../../fleet/database/planning.ts';
import { openDatabase } from '../../fleet/database/pool.ts';
import { DatabaseFleetStore } from '../../fleet/database/database-store.ts';
import { requireTables } from '../../fleet/database/tables.ts';
import { work } from '../../fleet/database/worker.ts';
import { awaitStageGate } from '../../fleet/gate.ts';
import { ClusterRunner } from '../../fleet/runner.ts';
import { programVersion } from '../../package-root.ts';
import { withConsole } from '../../run/console.ts';
import { SIGNALS } from '../../run/control.ts';
import { type CommonOptions, stateDir } from '../../run/options.ts';
import { warnOfPassword } from './in-database.ts';

export interface WorkerOptions extends CommonOptions {
  readonly database?: string;
  readonly heartbeat: number;
  readonly inventories: string;
  readonly site: string;
}

/** Milliseconds between two looks at what another process does. */
const LOOK = 2000;

/** Works until it is stopped: once ends its runs after the steps that run, twice does not wait for that. */
export function fleetWorker(options: WorkerOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const address = databaseAddress(options.database, process.env);
    if (!address)
      throw new Failure('usage', 'no database is named', ['Name it by --database URL or $RUNBOOK_DATABASE.']);
    if (address.exposed) warnOfPassword(console);
    const folder = resolve(options.inventories);
    await requireFolder(folder);
    const { pool, close } = await openDatabase(address, (text) => console.warn(text));
    atEnd(close);
    await requireTables(pool);
    const { stop, leave } = untilStopped(() => console.info('stops once the steps that run have ended'));
    const root = resolve(stateDir(options));
    const program = [process.execPath, process.argv[1] ?? ''];
    const clock = realClock;
    const inventories = new Inventories(folder);
    const store = new DatabaseFleetStore(pool);
    const keep = (digest: string, text: string): Promise<void> =>
      patiently(
        clock,
        () => store.keepPlan(digest, text),
        () => undefined,
      );
    await work(pool, {
      site: options.site,
      interval: options.heartbeat,
      version: programVersion(),
      clock,
      tools: {
        stateDir: root,
        runner: new ClusterRunner({ program, stateDir: root, clock, every: LOOK }),
        inventories,
        askGate: awaitStageGate,
        plan: (task) => planCluster({ program, stateDir: root, inventories, keep }, task),
      },
      info: console.info,
      warn: console.warn,
      debug: (text) => void (console.look.verbose && console.info(text)),
      stop,
      leave,
    });
    return 0;
  });
}

function untilStopped(onFirst: () => void): { readonly stop: AbortSignal; readonly leave: AbortSignal } {
  const stop = new AbortController();
  const leave = new AbortController();
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (stop.signal.aborted) return leave.abort();
      onFirst();
      stop.abort();
    });
  return { stop: stop.signal, leave: leave.signal };
}
