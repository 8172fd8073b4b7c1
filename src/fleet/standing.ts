import { lifeOf, LocalLock, type LockHolder } from '../journal/lock.ts';
import { livePlanning } from '../journal/planning.ts';
import { endText, isClosed } from '../journal/progress.ts';
import { isUnfinished, type RunStore } from '../journal/store.ts';
import type { FleetCluster } from './plan.ts';
import type { RunsByPlan } from './runs-by-plan.ts';

/** Where the run of a cluster's plan stands, as the state folder knows it. */
export type Standing =
  /** A process of this machine works on the cluster, or plans to; `run`: on that run of the plan. */
  | { readonly kind: 'held'; readonly holder: LockHolder; readonly run?: string }
  | { readonly kind: 'done'; readonly run: string }
  /** Someone ended it by hand. */
  | { readonly kind: 'closed'; readonly run: string; readonly reason: string }
  | { readonly kind: 'unfinished'; readonly run: string; readonly paused: boolean }
  | { readonly kind: 'none' };

/** Looks at the state folder alone. @throws Failure where the lock or the run there is damaged */
export async function standingOf(
  store: RunStore,
  runs: RunsByPlan,
  { cluster, plan: digest }: Pick<FleetCluster, 'cluster' | 'plan'>,
): Promise<Standing> {
  const holder = await liveHolder(store, cluster);
  // After the holder: what it does before it lets go is seen then.
  const [run] = await runs.of(digest);
  if (holder) return { kind: 'held', holder, ...(run !== undefined && holder.run === run && { run }) };
  if (run === undefined) return { kind: 'none' };
  const { progress } = await store.read(run);
  if (progress.state === 'done') return { kind: 'done', run };
  if (isUnfinished(progress)) return { kind: 'unfinished', run, paused: progress.paused === true };
  if (isClosed(progress)) return { kind: 'closed', run, reason: `run ${run} ${endText(progress)}` };
  return { kind: 'none' };
}

/** The process of this machine that holds the lock of a cluster, or that plans a run on it. */
async function liveHolder(store: RunStore, cluster: string): Promise<LockHolder | undefined> {
  const lock = await new LocalLock(store.root, cluster).look();
  if (lock && (await lifeOf(lock.holder)) === 'alive') return lock.holder;
  return livePlanning(store.root, cluster);
}
