import { Failure } from '../failure.ts';
import type { RunStore } from '../journal/store.ts';
import type { ListedRun } from '../render/runs-html.ts';
import { lifeOfRun, rowOf } from './summary.ts';

/** Every run of the state folder, newest first; of one that cannot be read, why. */
export async function listRuns(store: RunStore): Promise<ListedRun[]> {
  const listed: ListedRun[] = [];
  for (const id of await store.ids()) listed.push(await listRun(store, id));
  return listed;
}

export async function listRun(store: RunStore, run: string): Promise<ListedRun> {
  try {
    const one = await store.read(run);
    return { run, row: rowOf(one, await lifeOfRun(store, one)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { run, problem: error.message };
  }
}
