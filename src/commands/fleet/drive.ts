import { driveEmbedded } from '../../fleet/embedded/driver.ts';
import type { FolderFleetStore } from '../../fleet/embedded/folder-store.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import type { Wishes } from '../../fleet/resumption.ts';
import type { AtEnd, Console } from '../../run/console.ts';
import { SIGNALS } from '../../run/control.ts';
import { driverView } from './follow.ts';

const NONE: Wishes = { retry: [], settle: [] };

interface Driven {
  readonly store: FolderFleetStore;
  readonly run: string;
  readonly plan: FleetPlan;
  /** Where it is resumed. */
  readonly wishes?: Wishes;
}

/** Takes the lock of a fleet run and drives it to its end. @returns the exit code */
export async function driveHere(
  console: Console,
  atEnd: AtEnd,
  { store, run, plan, wishes = NONE }: Driven,
): Promise<number> {
  const held = await store.takeLock(run, plan.fleet.name);
  atEnd(() => held.release());
  const [stop, leave] = [new AbortController(), new AbortController()];
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      console.warn(`${signal}: the runs of the clusters end after their present steps (again: do not wait for them)`);
      stop.abort();
    } else if (!leave.signal.aborted) {
      console.warn(`${signal} again: the runs of the clusters end so by themselves`);
      leave.abort();
    }
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  atEnd(async () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  });
  const view = driverView(console, plan, true);
  const signals = { stop: stop.signal, leave: leave.signal };
  const { end, state } = await driveEmbedded({ store, run, plan, wishes, view, ...signals });
  if (end !== 'ended') {
    if (console.output !== 'json') console.info(`stopped; continue it: runbook fleet resume ${run}`);
    return 130;
  }
  if (state.ended?.outcome === 'done') return 0;
  if (state.ended?.outcome === 'failed' && console.output !== 'json')
    console.info(`when the cause is gone: runbook fleet resume ${run}`);
  return 1;
}
