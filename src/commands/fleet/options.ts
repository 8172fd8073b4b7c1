import { resolve } from 'node:path';
import { Failure } from '../../failure.ts';
import type { FleetBook } from '../../fleet/book.ts';
import type { FleetDatabase } from './in-database.ts';
import { FolderFleetStore } from '../../fleet/embedded/folder-store.ts';
import { foldFleet } from '../../fleet/state.ts';
import type { AtEnd, Console } from '../../run/console.ts';
import { type CommonOptions, stateDir } from '../../run/options.ts';

/** Of commands about fleet runs of a state folder, or of a database. */
export interface FleetOptions extends CommonOptions {
  readonly database?: string;
}

export interface PlanOptions extends FleetOptions {
  readonly out?: string;
}

export interface ApplyOptions extends FleetOptions {
  readonly approve: readonly string[];
  readonly planDigest?: string;
  readonly yes?: boolean;
}

/** The fleet runs of the state folder. Absolute: processes of clusters get it too. */
export function openStore(options: CommonOptions): FolderFleetStore {
  return new FolderFleetStore(resolve(stateDir(options)));
}

/** Whether workers drive the fleet run, by what a database has of it. */
export function isInDatabase({ database = process.env.RUNBOOK_DATABASE }: FleetOptions): boolean {
  return database !== undefined && database !== '';
}

/** The database, where one is named. */
export async function databaseOf(
  console: Console,
  atEnd: AtEnd,
  options: FleetOptions,
): Promise<FleetDatabase | undefined> {
  if (!isInDatabase(options)) return undefined;
  const { openFleetDatabase } = await import('./in-database.ts');
  return openFleetDatabase(console, atEnd, options.database);
}

/** The fleet runs of the database, where one is named; else those of the state folder. */
export async function openBook(console: Console, atEnd: AtEnd, options: FleetOptions): Promise<FleetBook> {
  return (await databaseOf(console, atEnd, options))?.book ?? openStore(options);
}

/** The named run; else the latest that is not over. @throws Failure (usage) where there is none */
export async function openRun(book: FleetBook, id: string | undefined): Promise<string> {
  if (id !== undefined) return id;
  const runs = await book.runs();
  for (const run of runs) {
    const { plan, records } = await book.read(run);
    if (!foldFleet(plan, records).ended) return run;
  }
  const [latest] = runs;
  throw new Failure('usage', latest === undefined ? 'no fleet runs are known here' : 'no fleet run is under way', [
    latest === undefined ? 'Is --state-dir right?' : `The latest is ${latest}.`,
  ]);
}

/** The named run; else the latest. @throws Failure (usage) where there is none */
export async function latestRun(book: FleetBook, id: string | undefined): Promise<string> {
  const run = id ?? (await book.runs())[0];
  if (run !== undefined) return run;
  throw new Failure('usage', 'no fleet runs are known here', ['Is --state-dir right?']);
}
