import { decideFleet } from './decide.ts';
import type { FleetPlan } from './plan.ts';
import type { FleetNews } from './record.ts';
import { FleetFold } from './state.ts';

/** When a stage is expected to begin and end. Milliseconds since 1970. */
export interface StageForecast {
  readonly stage: string;
  readonly from: number;
  readonly to: number;
}

const BY = { user: '', host: '' };

/**
 * When the stages would begin and end if every run took its expected time, gates held at once and people answered: the
 * same decisions, on time that jumps. A stage in which nothing is to be done is left out.
 */
export function forecastFleet(plan: FleetPlan, startsAt: number): readonly StageForecast[] {
  const fold = new FleetFold(plan);
  const expected = new Map(plan.clusters.map(({ name, expected: takes }) => [name, takes]));
  const stageOf = new Map(plan.stages.flatMap(({ name, clusters }) => clusters.map((one) => [one, name] as const)));
  const found = new Map<string, { from: number; to: number }>();
  const gates = new Map(plan.stages.flatMap(({ name, gate }) => (gate ? [[name, gate.for] as const] : [])));
  const ends: { readonly news: FleetNews; readonly stage: string; readonly at: number }[] = [];
  let now = startsAt;
  const add = (news: FleetNews): void => fold.add({ ...news, at: new Date(now).toISOString() });
  for (;;) {
    const { actions, waits, wakeAt } = decideFleet(plan, fold.state, now);
    if (actions.some(({ type }) => type === 'end')) break;
    let isMoved = false;
    for (const action of actions) {
      if (action.type === 'ask-gate') {
        const { stage } = action;
        if (ends.some(({ news }) => news.type === 'gate-held' && news.stage === stage)) continue;
        ends.push({ news: { type: 'gate-held', stage }, stage, at: now + (gates.get(stage) ?? 0) });
      }
      if (action.type !== 'start') continue;
      isMoved = true;
      const { cluster, attempt } = action;
      add({ type: 'cluster-started', cluster, attempt });
      const stage = stageOf.get(cluster) ?? '';
      const news: FleetNews = { type: 'cluster-ended', cluster, outcome: 'done', reason: '' };
      ends.push({ news, stage, at: now + (expected.get(cluster) ?? 0) });
      found.set(stage, found.get(stage) ?? { from: now, to: now });
    }
    if (isMoved) continue;
    const approval = waits.find((one) => one.for === 'approval');
    if (approval) {
      add({ type: 'stage-approved', stage: approval.stage, by: BY });
      continue;
    }
    const next = ends.toSorted((a, b) => a.at - b.at)[0];
    if (wakeAt !== undefined && (!next || wakeAt <= next.at)) {
      now = wakeAt;
      continue;
    }
    if (!next) break;
    now = Math.max(now, next.at);
    ends.splice(ends.indexOf(next), 1);
    add(next.news);
    const stage = found.get(next.stage);
    if (stage && next.news.type === 'cluster-ended') stage.to = now;
  }
  return plan.stages.flatMap(({ name }) => {
    const one = found.get(name);
    return one ? [{ stage: name, ...one }] : [];
  });
}
