import type { Inventory } from '../documents/model.ts';
import type { StepProgress } from '../journal/progress.ts';
import { requireRunId } from '../journal/run-id.ts';
import { isUnfinished, type RunStore, type RunSummary } from '../journal/store.ts';
import type { Plan } from '../plan/plan.ts';
import type { Console } from './console.ts';
import { requireAnswerable } from './control.ts';
import { findOnNodes, type Wanted } from './from-nodes.ts';
import type { Valid } from './load.ts';
import { type Nothing, overOf } from './run-over.ts';

/** A run that can be continued. */
export interface FoundRun {
  readonly run: string;
  readonly plan: Plan;
  /** As far as is known before the lock is held. */
  readonly steps: ReadonlyMap<string, StepProgress>;
  /** Of its journal in the state folder; 0 where there is none. */
  readonly epoch: number;
  /** The nodes that its plan comes from; none where it is in the state folder. */
  readonly from: readonly string[];
}

/**
 * The latest unfinished run, or the named one; with an inventory also from the nodes. Where it is known which plan it
 * must follow, and no run is named, runs of other plans are passed over. Or why there is none.
 */
export async function findRun(
  console: Console,
  store: RunStore,
  wanted: Wanted,
  inventory: Valid<Inventory> | undefined,
  yes: boolean | undefined,
): Promise<FoundRun | Nothing> {
  if (wanted.run !== undefined) requireRunId(wanted.run);
  const known = await knownRun(store, wanted, inventory?.value.cluster);
  if (known) {
    const { folder, plan, progress } = known;
    if (!isUnfinished(progress)) return overOf(folder.id, progress);
    return { run: folder.id, plan, steps: progress.steps, epoch: progress.epoch, from: [] };
  }
  if (!inventory) return { state: 'none', reason: `no unfinished run in ${store.root}` };
  requireAnswerable(yes, 'runbook resume');
  const agreed = await findOnNodes(console, store, inventory, wanted);
  if ('reason' in agreed) return agreed;
  return { run: agreed.run, plan: agreed.plan, steps: agreed.progress.steps, epoch: 0, from: agreed.nodes };
}

/** Undefined where the state folder has none, or only its first files. */
async function knownRun(
  store: RunStore,
  { run, planDigest }: Wanted,
  cluster: string | undefined,
): Promise<RunSummary | undefined> {
  if (run === undefined) return store.unfinished({ ...(cluster !== undefined && { cluster, planDigest }) });
  if (cluster === undefined) return store.read(run);
  if (!(await store.ids()).includes(run)) return undefined;
  const known = await store.read(run);
  return known.progress.run === undefined ? undefined : known;
}
