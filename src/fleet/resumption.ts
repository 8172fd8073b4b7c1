import { againOf } from './decide.ts';
import type { FleetPlan } from './plan.ts';
import type { Actor, FleetNews } from './record.ts';
import type { FleetState } from './state.ts';

/** What an operator asks of a fleet run that continues. */
export interface Wishes {
  /** Failed clusters that run again, beside those of the stage that stopped it. */
  readonly retry: readonly string[];
  /** Failed clusters that are settled by hand. */
  readonly settle: readonly { readonly cluster: string; readonly reason: string }[];
}

/** The records with which a fleet run that has failed, or whose driver is gone, continues. */
export function resumption(plan: FleetPlan, state: FleetState, by: Actor, { retry, settle }: Wishes): FleetNews[] {
  const open = settle.filter(({ cluster }) => state.clusters.get(cluster)?.standing === 'failed');
  const settled = new Set(open.map(({ cluster }) => cluster));
  const again = new Set([...(state.ended ? againOf(plan, state) : []), ...retry]);
  return [
    ...open.map(({ cluster, reason }): FleetNews => ({ type: 'cluster-settled', cluster, by, reason })),
    { type: 'fleet-resumed', by, again: [...again].filter((cluster) => !settled.has(cluster)) },
  ];
}
