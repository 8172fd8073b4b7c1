import { Failure } from '../../failure.ts';
import { approvableStage } from '../../fleet/decide.ts';
import { thisActor } from '../../fleet/embedded/driver.ts';
import { foldFleet, type FleetState } from '../../fleet/state.ts';
import type { FleetPlan } from '../../fleet/plan.ts';
import { withConsole } from '../../run/console.ts';
import { driveHere } from './drive.ts';
import { type FleetOptions, isInDatabase, openBook, openRun, openStore } from './options.ts';

export interface RequestOptions extends FleetOptions {
  readonly run?: string;
}

type Wish =
  | { readonly type: 'approve'; readonly stage: string }
  | { readonly type: 'pause' }
  | { readonly type: 'cancel'; readonly reason: string };

/** Asks the driver of a fleet run for something, from any terminal. A run that no one drives is ended here. */
export function fleetRequest(wish: Wish, options: RequestOptions): Promise<number> {
  return withConsole(options, 'stdout', async (console, atEnd) => {
    const book = await openBook(console, atEnd, options);
    const run = await openRun(book, options.run);
    const { plan, records, driver } = await book.read(run);
    const state = foldFleet(plan, records);
    if (state.ended) throw new Failure('usage', `fleet run ${run} is over: ${state.ended.outcome}`);
    if (wish.type === 'approve') requireApprovable(plan, state, wish.stage, run);
    await book.request(run, { ...wish, by: thisActor() });
    const isDriven = driver.life === 'alive' || driver.life === 'elsewhere';
    const byWorkers = isInDatabase(options);
    if (wish.type === 'cancel' && !isDriven && !byWorkers) {
      await driveHere(console, atEnd, { store: openStore(options), run, plan });
      return 0;
    }
    const asked =
      wish.type === 'approve' ? `approved stage ${wish.stage} of` : wish.type === 'pause' ? 'paused' : 'cancelled';
    console.info(
      `${asked} fleet run ${run}`,
      isDriven ? [] : [byWorkers ? `It is ${driver.about}.` : `No driver works on it: runbook fleet resume ${run}`],
    );
    return 0;
  });
}

function requireApprovable(plan: FleetPlan, state: FleetState, stage: string, run: string): void {
  const open = approvableStage(plan, state);
  if (open === stage) return;
  const stages = plan.stages.map(({ name }) => name);
  const why = stages.includes(stage) ? `stage ${stage} waits for no approval` : `there is no stage ${stage}`;
  throw new Failure('usage', why, [
    open === undefined ? `No stage of ${run} waits for one now.` : `The stage that does: ${open}`,
    `The stages: ${stages.join(', ')}`,
  ]);
}
