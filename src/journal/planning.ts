import { readdir, readFile, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { lifeOf, type LockHolder, parseHolder, thisHolder } from './lock.ts';

/** An `apply` whose process ended without a word before its run began. */
export interface KilledPlanning {
  readonly holder: LockHolder;
  /** The command that it was. */
  readonly command: string;
}

/**
 * Writes that a run is being planned, until it begins or is refused: a process that is killed meanwhile leaves no other
 * trace, and a script that then calls `resume` would take its "nothing to resume" for success. Takes what earlier
 * processes left for the same runbook and cluster away. Best effort: what cannot be written here fails the run later.
 * @returns takes it away again; may be called more than once
 */
export async function beginPlanning(
  stateDir: string,
  { runbook, cluster, command }: { readonly runbook: string; readonly cluster: string; readonly command: string },
): Promise<() => Promise<void>> {
  const holder = await thisHolder('', runbook, cluster);
  const folder = folderOf(stateDir);
  const file = join(folder, `${holder.id}.json`);
  let made: string | undefined;
  try {
    made = await makeFolder(folder);
    await writeFile(file, `${JSON.stringify({ ...holder, command })}\n`, { mode: 0o600 });
    for (const { holder: old, file: left } of await killed(stateDir))
      if (old.runbook === runbook && old.cluster === cluster) await remove(left);
  } catch {
    return () => Promise.resolve();
  }
  return async () => {
    await remove(file);
    // A refusal leaves no folder behind that was not there.
    await rmdir(folder).catch(() => undefined);
    if (made !== undefined && made !== resolve(folder)) await rmdir(stateDir).catch(() => undefined);
  };
}

/** The newest one, of any cluster or of one. */
export async function killedPlanning(stateDir: string, cluster?: string): Promise<KilledPlanning | undefined> {
  const found = (await killed(stateDir)).filter(({ holder }) => cluster === undefined || holder.cluster === cluster);
  return found.toSorted((a, b) => b.holder.startedAt.localeCompare(a.holder.startedAt))[0];
}

/** The process of this machine that plans a run on a cluster now. */
export async function livePlanning(stateDir: string, cluster: string): Promise<LockHolder | undefined> {
  const found = (await every(stateDir)).find(({ holder, life }) => life === 'alive' && holder.cluster === cluster);
  return found?.holder;
}

async function killed(stateDir: string): Promise<readonly Planning[]> {
  return (await every(stateDir)).filter(({ life }) => life === 'gone');
}

interface Planning extends KilledPlanning {
  readonly file: string;
  readonly life: 'gone' | 'alive' | 'elsewhere';
}

async function every(stateDir: string): Promise<readonly Planning[]> {
  const folder = folderOf(stateDir);
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const text = await readFile(file, 'utf8').catch(() => '');
      const holder = parseHolder(text);
      if (!holder) return [];
      const { command }: { command?: unknown } = JSON.parse(text);
      const life = await lifeOf(holder);
      return [{ holder, command: typeof command === 'string' ? command : '', file, life }];
    }),
  );
  return found.flat();
}

function folderOf(stateDir: string): string {
  return join(stateDir, 'planning');
}

async function remove(file: string): Promise<void> {
  await unlink(file).catch(() => undefined);
}
