import { Failure } from '../failure.ts';
import type { RunStore, RunSummary } from '../journal/store.ts';

/** The named one; else what needs someone, before a newer run that is finished. @throws Failure (usage) */
export async function wantedRun(store: RunStore, id: string | undefined): Promise<RunSummary> {
  if (id !== undefined) return store.read(id);
  const unfinished = await store.unfinished();
  if (unfinished) return unfinished;
  const [latest] = await store.ids();
  if (latest === undefined) throw new Failure('usage', `no runs are known in ${store.root}`);
  return store.read(latest);
}
