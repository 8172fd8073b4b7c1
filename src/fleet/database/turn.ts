import { answerTo } from '../answer.ts';
import type { FleetRequest } from '../book.ts';
import { type Decision, decideFleet } from '../decide.ts';
import type { FleetPlan } from '../plan.ts';
import type { FleetNews, FleetRecord } from '../record.ts';
import { FleetFold } from '../state.ts';

/** What is to be done after a look at a fleet run. */
export interface Turn {
  /** To be kept before any of it is done. */
  readonly news: readonly FleetNews[];
  /** Why requests come to nothing. */
  readonly refused: readonly string[];
  /** Clusters whose run is under way, or is to be begun. */
  readonly running: readonly { readonly cluster: string; readonly site: string; readonly attempt: number }[];
  /** Stages whose gate is to be asked. */
  readonly gates: readonly string[];
  readonly over: boolean;
  /** When to look again though nothing has happened. Milliseconds since 1970. */
  readonly wakeAt?: number;
}

/** @param now milliseconds since 1970, of the database's clock */
export function turnOf(
  plan: FleetPlan,
  records: readonly FleetRecord[],
  requests: readonly FleetRequest[],
  now: number,
): Turn {
  const fold = new FleetFold(plan);
  for (const record of records) fold.add(record);
  const { state } = fold;
  const news: FleetNews[] = [];
  const keep = (one: FleetNews): void => {
    news.push(one);
    fold.add({ ...one, at: new Date(now).toISOString() });
  };
  const refused: string[] = [];
  for (const request of requests) {
    const answer = state.ended ? 'the fleet run is over' : answerTo(request, plan, state);
    if (typeof answer === 'string') refused.push(answer);
    else keep(answer);
  }
  const decision = decided(plan, fold, now, keep);
  const sites = new Map(plan.clusters.map(({ name, site }) => [name, site]));
  const running = [...state.stages.values()].flatMap((stage) =>
    [...stage.running].map((cluster) => ({
      cluster,
      site: sites.get(cluster) ?? '',
      attempt: state.clusters.get(cluster)?.attempts ?? 0,
    })),
  );
  const gates = decision.actions.flatMap((action) => (action.type === 'ask-gate' ? [action.stage] : []));
  const { wakeAt } = decision;
  return { news, refused, running, gates, over: state.ended !== undefined, ...(wakeAt !== undefined && { wakeAt }) };
}

/** A start or an end is decided once; what it leads to is decided by the state with its record. */
function decided(plan: FleetPlan, { state }: FleetFold, now: number, keep: (news: FleetNews) => void): Decision {
  for (;;) {
    const decision = decideFleet(plan, state, now);
    let isKept = false;
    for (const action of decision.actions) {
      if (action.type === 'start') keep({ type: 'cluster-started', cluster: action.cluster, attempt: action.attempt });
      else if (action.type === 'end') keep({ type: 'fleet-ended', outcome: action.outcome, reason: action.reason });
      else continue;
      isKept = true;
    }
    if (!isKept) return decision;
  }
}
