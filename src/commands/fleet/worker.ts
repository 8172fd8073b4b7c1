import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../duration.ts';
import { realClock } from '../../engine/clock.ts';
import { Failure } from '../../failure.ts';
import { databaseAddress } from '../../fleet/database/address.ts';
import { Inventories, requireFolder } from '../../fleet/database/inventories.ts';
import { patiently } from '../../fleet/database/patience.ts';
import { planCluster } from '../../fleet/database/planning.ts';
import { openDatabase } from '../../fleet/database/pool.ts';
import { FleetStore } from '../../fleet/database/store.ts';
import { requireTables } from '../../fleet/database/tables.ts';
import { work } from '../../fleet/database/worker.ts';
import { awaitStageGate } from '../../fleet/gate.ts';
import { ClusterRunner } from '../../fleet/runner.ts';
import { programVersion } from '../../package-root.ts';
import { withConsole } from '../../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../../run/options.ts';

interface Options extends CommonOptions {
  readonly database?: string;
  readonly heartbeat: number;
  readonly inventories: string;
  readonly site: string;
}

/** Milliseconds between two looks at what another process does. */
const LOOK = 2000;

export function define(command: Command, run: Run): void {
  outputOptions(
    command
      .requiredOption('--site <name>', 'the site of the fleet whose clusters it runs')
      .option('--database <url>', 'the PostgreSQL that all workers and operators share (else $RUNBOOK_DATABASE)')
      .option('--inventories <dir>', 'where the inventories of its clusters are', '.')
      .addOption(
        new Option('--heartbeat <duration>', 'how often it shows that it lives; after three of them it is replaced')
          .argParser(heartbeat)
          .default(5000, '5s'),
      ),
  ).action((options: Options) => run(() => worker(options)));
}

/** Works until it is stopped: once ends its runs after the steps that run, twice leaves them running. */
function worker(options: Options): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const address = databaseAddress(options.database, process.env);
    if (!address)
      throw new Failure('usage', 'no database is named', ['Name it by --database URL or $RUNBOOK_DATABASE.']);
    if (address.exposed)
      console.warn('the password of the database is in an argument, which every user of this machine can read', [
        'Keep it in PGPASSFILE (~/.pgpass) or PGPASSWORD.',
      ]);
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
    const store = new FleetStore(pool);
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
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (stop.signal.aborted) return leave.abort();
      onFirst();
      stop.abort();
    });
  return { stop: stop.signal, leave: leave.signal };
}

function heartbeat(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 100 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError('It is a duration such as 5s, from 100ms to 1h.');
}
