import { join } from 'node:path';
import { hostname, userInfo } from 'node:os';
import { type Clock, realClock } from '../../engine/clock.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';
import type { FleetRequest } from '../book.ts';
import type { Decision } from '../decide.ts';
import { drive, type DriveEnd } from '../drive.ts';
import { awaitStageGate } from '../gate.ts';
import type { FleetPlan } from '../plan.ts';
import type { Actor, FleetNews, FleetRecord } from '../record.ts';
import { resumption, type Wishes } from '../resumption.ts';
import { ClusterRunner } from '../runner.ts';
import { FleetFold, type FleetState } from '../state.ts';
import type { FolderFleetStore } from './folder-store.ts';

/** What a driver says while it works. */
export interface DriverView {
  readonly onRecord: (record: FleetRecord, state: FleetState) => void;
  readonly onDecision: (decision: Decision, state: FleetState) => void;
  /** What one cluster, or the gate of one stage, waits for; empty: nothing any more. */
  readonly onWait: (of: { readonly cluster: string } | { readonly stage: string }, text: string) => void;
  readonly onRefused: (request: FleetRequest, why: string) => void;
}

export interface DriverOptions {
  readonly store: FolderFleetStore;
  readonly run: string;
  readonly plan: FleetPlan;
  /** Where it is resumed. */
  readonly wishes: Wishes;
  readonly view: DriverView;
  readonly stop: AbortSignal;
  readonly leave: AbortSignal;
  readonly clock?: Clock;
  /** Milliseconds between two looks at requests and other processes. */
  readonly every?: number;
}

/** Who runs this process. */
export function thisActor(): Actor {
  return { user: userInfo().username, host: hostname() };
}

/**
 * Drives a fleet run from this machine until it ends or is stopped; the lock is held. One that has failed, or whose driver
 * is gone, is resumed.
 */
export async function driveEmbedded(
  options: DriverOptions,
): Promise<{ readonly end: DriveEnd; readonly state: FleetState }> {
  const { store, run, plan, view, stop, leave, clock = realClock, every = 500 } = options;
  const journal = await store.journal(run);
  try {
    const fold = new FleetFold(plan);
    for (const one of journal.records) fold.add(one);
    const record = async (news: FleetNews): Promise<void> => {
      const kept = await journal.append(news);
      fold.add(kept);
      view.onRecord(kept, fold.state);
    };
    await begin(options, fold, record, journal.records.length === 0);
    const { approve } = await store.options(run);
    const program = [process.execPath, join(PACKAGE_ROOT, 'dist', 'cli.js')];
    const runner = new ClusterRunner({ program, stateDir: store.root, clock, every });
    const clusters = new Map(plan.clusters.map((one) => [one.name, one]));
    const stages = new Map(plan.stages.map((one) => [one.name, one]));
    const end = await drive({
      plan,
      fold,
      clock,
      every,
      stop,
      leave,
      record,
      requests: () => store.given(run),
      runCluster: (name, attempt, hooks) => {
        const cluster = clusters.get(name);
        if (!cluster) throw new Error(`no cluster ${name} in the plan`);
        const task = {
          cluster,
          plan: store.planOf(run, name),
          attempt,
          folder: store.clusterFolder(run, name),
          elsewhere: false,
          approve,
        };
        return runner.bringToEnd(task, { ...hooks, leave, onWait: (text) => view.onWait({ cluster: name }, text) });
      },
      askGate: async (name, gateStop) => {
        const { gate } = stages.get(name) ?? {};
        if (!gate) return { kind: 'holds' };
        const onWait = (text: string): void => view.onWait({ stage: name }, text);
        const ended = await awaitStageGate({ run, stage: { name, gate }, clock, stop: gateStop, onWait });
        onWait('');
        return ended;
      },
      onDecision: (decision) => view.onDecision(decision, fold.state),
      onRefused: view.onRefused,
    });
    return { end, state: fold.state };
  } finally {
    await journal.close();
  }
}

async function begin(
  { run, plan, wishes }: DriverOptions,
  fold: FleetFold,
  record: (news: FleetNews) => Promise<void>,
  isNew: boolean,
): Promise<void> {
  const by = thisActor();
  if (isNew) return record({ type: 'fleet-started', run, plan: plan.digest, by });
  for (const news of resumption(plan, fold.state, by, wishes)) await record(news);
}
