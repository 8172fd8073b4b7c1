import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FleetClusterEntry } from '../../documents/fleet.ts';
import { readInventory } from '../../documents/read.ts';
import { Failure } from '../../failure.ts';
import { databaseAddress } from '../../fleet/database/address.ts';
import { DatabaseBook } from '../../fleet/database/book.ts';
import { Operator } from '../../fleet/database/operator.ts';
import { type PlanTask, planResultSchema } from '../../fleet/database/planning.ts';
import { openDatabase } from '../../fleet/database/pool.ts';
import { DatabaseFleetStore } from '../../fleet/database/database-store.ts';
import { requireTables } from '../../fleet/database/tables.ts';
import type { PlannedCluster } from '../../fleet/make-plan.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import { FleetFold } from '../../fleet/state.ts';
import { parsePlan } from '../../plan/plan.ts';
import type { AtEnd, Console } from '../../run/console.ts';
import { loadValidRunbook } from '../../run/load.ts';
import { driverView } from './follow.ts';

/** Milliseconds between two looks at a fleet run that workers drive. */
const EVERY = 1000;

export interface FleetDatabase {
  readonly store: DatabaseFleetStore;
  readonly operator: Operator;
  readonly book: DatabaseBook;
}

/** The database that the options name. @throws Failure (usage) where they name none */
export async function openFleetDatabase(
  console: Console,
  atEnd: AtEnd,
  option: string | undefined,
): Promise<FleetDatabase> {
  const address = databaseAddress(option, process.env);
  if (!address) throw new Failure('usage', 'no database is named');
  if (address.exposed) warnOfPassword(console);
  const { pool, close } = await openDatabase(address, (text) => console.warn(text));
  atEnd(close);
  await requireTables(pool);
  const store = new DatabaseFleetStore(pool);
  const operator = await Operator.open(pool, store);
  atEnd(() => operator.close());
  return { store, operator, book: new DatabaseBook(pool, operator) };
}

export function warnOfPassword(console: Console): void {
  console.warn('the password of the database is in an argument, which every user of this machine can read', [
    'Keep it in PGPASSFILE (~/.pgpass) or PGPASSWORD.',
  ]);
}

export interface PlanWishes {
  readonly set: readonly string[];
  readonly override: readonly string[];
  /** `clusters/<name>/` of it gets each plan. */
  readonly folder: string;
  /** The workers are not waited for any more. */
  readonly stop: AbortSignal;
}

/** Has the workers of their sites make the plans of clusters, all at once. */
export async function planByWorkers(
  console: Console,
  { store, operator }: FleetDatabase,
  clusters: readonly FleetClusterEntry[],
  runbook: string,
  { set, override, folder, stop }: PlanWishes,
): Promise<readonly PlannedCluster[]> {
  const { file, text, parts = [] } = await loadValidRunbook(console, runbook);
  const sent = {
    file: basename(file),
    text,
    parts: parts.map((part) => ({ file: relative(dirname(file), part.path), text: part.text })),
  };
  const stopped = rejectedBy(stop);
  // It may come before a plan is asked for, or after all are there.
  stopped.catch(() => undefined);
  return Promise.all(
    clusters.map(async ({ name, site, file: inventory }): Promise<PlannedCluster> => {
      // Where the operator has no inventory, the name in the fleet is that in the inventory.
      const cluster = (await readInventory(inventory)).value?.cluster ?? name;
      const task: PlanTask = { cluster, runbook: sent, set: [...set], override: [...override] };
      const result = await Promise.race([operator.plan(site, task), stopped]);
      const { code, digest, from, errors } = planResultSchema.parse(result);
      const base = { name, site, from };
      if (digest === undefined) return { ...base, code: code === 0 ? 1 : code, refusals: errors };
      const frozen = await store.plan(digest);
      const parsed = parsePlan(frozen);
      if ('problem' in parsed) return { ...base, code: 2, refusals: [parsed.problem] };
      await mkdir(join(folder, 'clusters', name), { recursive: true, mode: 0o700 });
      await writeFile(join(folder, 'clusters', name, 'plan.json'), frozen, { mode: 0o600 });
      const refusals = parsed.plan.findings.flatMap(({ severity, node, summary }) =>
        severity === 'refuse' ? [node === undefined ? summary : `${node}: ${summary}`] : [],
      );
      return { ...base, code, plan: parsed.plan, refusals };
    }),
  );
}

/** Rejects when it is aborted, and never settles else. */
function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(new Failure('cancelled', 'stopped'));
    signal.addEventListener('abort', onAbort, { once: true });
    // Ctrl-C may have come before anything listened.
    if (signal.aborted) onAbort();
  });
}

/** Shows what workers do until the fleet run is over; Ctrl-C ends the look alone. @returns the exit code */
export async function followInDatabase(
  console: Console,
  { book }: FleetDatabase,
  run: string,
  plan: FleetPlan,
): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  const view = driverView(console, plan, false);
  const fold = new FleetFold(plan);
  try {
    for (let shown = 0; ;) {
      const { records } = await book.read(run);
      for (const record of records.slice(shown)) {
        fold.add(record);
        view.onRecord(record, fold.state);
      }
      shown = records.length;
      const { ended } = fold.state;
      if (ended) return ended.outcome === 'done' ? 0 : 1;
      if (stop.signal.aborted) {
        if (console.output !== 'json') console.info(`workers continue it; look at it: runbook fleet status ${run}`);
        return 130;
      }
      await wait(EVERY, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    process.off('SIGINT', onSignal);
  }
}
