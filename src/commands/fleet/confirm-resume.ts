import { resolve } from 'node:path';
import type { FleetBook, FleetRun } from '../../fleet/book.ts';
import { thisActor } from '../../fleet/embedded/driver.ts';
import { resumption, type Wishes } from '../../fleet/resumption.ts';
import { foldFleet, type FleetState } from '../../fleet/state.ts';
import { RunStore } from '../../journal/store.ts';
import { renderFleetStatus } from '../../render/fleet-grid.ts';
import { count, listNames } from '../../render/text.ts';
import type { Console } from '../../run/console.ts';
import { confirm, requireAnswerable } from '../../run/control.ts';
import { stateDir } from '../../run/options.ts';
import { fleetStatus } from '../../serve/fleet-status.ts';
import type { FleetOptions } from './options.ts';

/** A fleet run as it was read, and what is asked of it. */
export interface Resumed {
  readonly fleetRun: FleetRun;
  readonly state: FleetState;
  readonly wishes: Wishes;
}

/**
 * Shows where a fleet run is, and asks whether it continues, unless no cluster of it is left.
 * @throws Failure (usage) where no one can answer, Failure (cancelled) for anything but yes
 */
export async function confirmResume(
  console: Console,
  book: FleetBook,
  resumed: Resumed,
  options: FleetOptions & { readonly yes?: boolean },
): Promise<void> {
  if (options.yes === true) return;
  const question = questionOf(resumed);
  if (question === undefined) return;
  requireAnswerable(options.yes, 'runbook fleet resume', 'runbook fleet status');
  if (console.output !== 'json') {
    const runs = new RunStore(resolve(stateDir(options)));
    const status = await fleetStatus(book, resumed.fleetRun.run, runs, Date.now());
    console.print(renderFleetStatus({ ...status, next: [] }, console.look));
  }
  await confirm(console, question);
}

/** Undefined: no cluster is to run. */
function questionOf({ fleetRun, state, wishes }: Resumed): string | undefined {
  const { run, plan, records } = fleetRun;
  const news = resumption(plan, state, thisActor(), wishes);
  const at = new Date().toISOString();
  const { clusters } = foldFleet(plan, [...records, ...news.map((one) => ({ ...one, at }))]);
  const left = [...clusters.values()].filter(({ standing }) => standing === 'waiting' || standing === 'running');
  if (left.length === 0) return undefined;
  const again = news.flatMap((one) => (one.type === 'fleet-resumed' ? one.again : []));
  const which = again.length === 0 ? '' : ` (again: ${listNames(again, 8)})`;
  const pause = state.pausedBy === undefined ? '' : `, and end the pause by ${state.pausedBy}`;
  return `Continue fleet run ${run} on ${count(left.length, 'cluster')}${which}${pause}?`;
}
