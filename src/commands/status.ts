import { resolve } from 'node:path';
import type { Command } from 'commander';
import { isUnfinished, RunStore, type RunSummary } from '../journal/store.ts';
import type { Plan } from '../plan/plan.ts';
import { renderStatus } from '../render/status.ts';
import type { StatusData } from '../render/status-data.ts';
import { resumeCommand } from '../run/again.ts';
import { withConsole } from '../run/console.ts';
import { knownCauses } from '../run/known-causes.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { aboutOf, lastRead, leftRunning, type Life, lifeOfRun, outcomesOf, stateOf, stepRows } from '../run/summary.ts';
import { wantedRun } from '../run/wanted-run.ts';

interface Options extends CommonOptions {
  readonly live?: boolean;
}

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('[run-id]', 'else the latest run that is not finished, else the latest'))
    .option('--live', 'ask the nodes now: versions, cordons, the lock, steps that still run')
    .option('-i, --inventory <file>', 'for --live: the nodes (else the inventory that the run was started with)')
    .action((id: string | undefined, options: Options) => run(() => status(id, options)));
}

function status(id: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console, atEnd) => {
    const store = new RunStore(stateDir(options));
    const run = await wantedRun(store, id);
    const { folder, plan, progress } = run;
    const life = await lifeOfRun(store, run);
    const newer = id === undefined ? (await store.ids()).filter((other) => other > folder.id) : [];
    // stdout is for the one line of data.
    const quiet = options.output === 'json' ? { ...console, emit: () => undefined } : console;
    const live = options.live
      ? await (await import('../run/live.ts')).readLive(quiet, atEnd, store, run, options.inventory)
      : undefined;
    const { at, versions, cordoned } = live ?? (await lastRead(run));
    const known = await knownCauses(run);
    const view = {
      run: folder.id,
      runbook: plan.runbook.name,
      cluster: plan.inventory.cluster,
      state: stateOf(run, life),
      startedAt: progress.startedAt ?? plan.createdAt,
      about: [
        ...aboutOf(run, life),
        ...(live?.about ?? []),
        ...newer.map((other) => `a newer run is ${other}: runbook status ${other}`),
      ],
      cordoned,
      ...(at === undefined ? {} : { readAt: at }),
      next: await nextOf(run, life, store.root, options.inventory),
    };
    if (options.output === 'json') {
      const overrides = plan.overrides ?? [];
      const lock = life.kind === 'none' ? null : { ...life.holder, life: life.kind };
      const data: StatusData = {
        ...view,
        lock,
        leftRunning: leftRunning(run, life),
        overrides,
        versions: Object.fromEntries(versions),
        steps: stepRows(run, life, known),
      };
      console.print(`${JSON.stringify(data)}\n`);
    } else
      console.print(renderStatus({ ...view, outcomes: outcomesOf(run, life, known), versions, plan }, console.look));
    return 0;
  });
}

/** `inventory`: of -i, where that is not the one that the run has. */
async function nextOf(
  { folder, plan, progress }: RunSummary,
  life: Life,
  root: string,
  inventory?: string,
): Promise<string[]> {
  if (progress.run === undefined) return life.kind === 'alive' ? [] : [await applyAgain(plan, root)];
  if (isUnfinished(progress)) {
    const other =
      inventory === undefined || resolve(inventory) === resolve(plan.inventory.file) ? undefined : inventory;
    return life.kind === 'alive' ? [] : [resumeCommand(folder.id, root, other)];
  }
  const isPartial = [...progress.steps.values()].some(({ leavesOut }) => leavesOut === true);
  return progress.state === 'done' && isPartial ? [await applyAgain(plan, root)] : [];
}

/** Reads the runbook, with all that this needs. */
async function applyAgain(plan: Plan, root: string): Promise<string> {
  return (await import('../run/plan-again.ts')).again('apply', plan, root);
}
