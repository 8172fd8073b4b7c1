import type { FleetBook, FleetRun } from '../fleet/book.ts';
import { approvableStage, decideFleet } from '../fleet/decide.ts';
import { foldFleet, type FleetState } from '../fleet/state.ts';
import type { RunStore } from '../journal/store.ts';
import { paceText, waitText } from '../render/fleet.ts';
import type { FleetStatus } from '../render/fleet-status.ts';
import { rowOf } from '../run/summary.ts';

/** Where a fleet run stands. @param store where the runs of its clusters are, as far as they are here */
export async function fleetStatus(
  book: Pick<FleetBook, 'read'>,
  run: string,
  store: RunStore | undefined,
  now: number,
): Promise<FleetStatus> {
  const fleetRun = await book.read(run);
  const state = foldFleet(fleetRun.plan, fleetRun.records);
  const { plan } = fleetRun;
  const stageOf = new Map(plan.stages.flatMap(({ name, clusters }) => clusters.map((one) => [one, name] as const)));
  const clusters: FleetStatus['clusters'][number][] = [];
  const known = new Map(plan.clusters.map((one) => [one.name, one]));
  for (const name of plan.stages.flatMap((stage) => stage.clusters)) {
    const cluster = known.get(name);
    const standing = state.clusters.get(name);
    if (!cluster || !standing) continue;
    const { startedAt, endedAt, run: id } = standing;
    const steps = id === undefined ? undefined : await stepsOf(store, id);
    const until = standing.standing === 'running' ? now : endedAt;
    clusters.push({
      cluster: name,
      stage: stageOf.get(name) ?? '',
      site: cluster.site,
      state: standing.standing,
      reason: standing.reason,
      attempts: standing.attempts,
      ...(id !== undefined && { run: id }),
      ...(steps && { steps }),
      ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
      ...(startedAt !== undefined && until !== undefined && { took: Math.max(0, until - startedAt) }),
      from: [...cluster.from],
      to: cluster.to,
    });
  }
  const word = stateWord(fleetRun, state);
  const { ended } = state;
  return {
    run,
    fleet: plan.fleet.name,
    runbook: plan.runbook.name,
    plan: plan.digest,
    state: word,
    reason: ended?.reason ?? '',
    startedAt: new Date(state.startedAt ?? Date.parse(plan.createdAt)).toISOString(),
    ...(ended && { endedAt: new Date(ended.at).toISOString() }),
    about: aboutOf(fleetRun, state, word, now),
    next: nextOf(fleetRun, state, word),
    stages: plan.stages.map((stage) => {
      const { waiting, running, failed, lastEnd, approvedBy } = state.stages.get(stage.name) ?? {};
      const isBroken = (failed?.size ?? 0) > stage.maxFailures;
      const isOver = waiting?.size === 0 && running?.size === 0;
      const isBegun = lastEnd !== undefined || (running?.size ?? 0) > 0;
      return {
        name: stage.name,
        state: isBroken ? 'failed' : isOver ? 'over' : isBegun ? 'at work' : 'waiting',
        pace: paceText(stage),
        ...(approvedBy !== undefined && { approvedBy }),
      };
    }),
    clusters,
  };
}

async function stepsOf(store: RunStore | undefined, run: string): Promise<{ done: number; all: number } | undefined> {
  const found = await store?.read(run).catch(() => undefined);
  if (!found) return undefined;
  const { done, steps } = rowOf(found, { kind: 'none' });
  return { done, all: steps };
}

/** One word for a fleet run. */
export function stateWord({ records, driver }: FleetRun, state: FleetState): FleetStatus['state'] {
  if (state.ended) return state.ended.outcome;
  if (records.length === 0) return 'not started';
  if (driver.life === 'gone') return 'died';
  if (driver.life === 'none') return 'stopped';
  return state.pausedBy === undefined ? 'running' : 'paused';
}

function aboutOf(
  { plan, driver, requests }: FleetRun,
  state: FleetState,
  word: FleetStatus['state'],
  now: number,
): string[] {
  const { ended } = state;
  if (ended) return ended.reason === '' ? [] : [ended.reason];
  const waits = word === 'not started' ? [] : decideFleet(plan, state, now).waits.map(waitText);
  const driven =
    driver.about === ''
      ? 'no driver works on it'
      : driver.life === 'gone'
        ? `its driver is gone: ${driver.about}`
        : `driven by ${driver.about}`;
  return [
    driven,
    ...(word === 'died' || word === 'stopped' ? [] : waits.filter((text) => text !== '')),
    ...requests.map(({ type, by }) => `asked by ${by.user}, and not taken yet: ${type}`),
  ];
}

function nextOf({ run, plan }: FleetRun, state: FleetState, word: FleetStatus['state']): string[] {
  const open = approvableStage(plan, state);
  const approve = open === undefined ? [] : [`runbook fleet approve ${open} --run ${run}`];
  switch (word) {
    case 'running':
      return approve;
    case 'paused':
      return [...approve, `runbook fleet resume ${run}`];
    case 'died':
    case 'stopped':
    case 'not started':
    case 'failed':
      return [`runbook fleet resume ${run}`];
    case 'done':
    case 'cancelled':
      return [];
  }
}
