import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { isUnfinished, RunStore, type RunSummary } from '../journal/store.ts';
import { renderStatus } from '../render/status.ts';
import { resumeCommand } from '../run/again.ts';
import { withConsole } from '../run/console.ts';
import { readLive } from '../run/live.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { aboutOf, lastRead, lifeOfRun, outcomesOf, stateOf, stepRows } from '../run/summary.ts';

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
    const live = options.live ? await readLive(quiet, atEnd, store, run, options.inventory) : undefined;
    const { at, versions, cordoned } = live ?? (await lastRead(run));
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
      next: isUnfinished(progress) && life.kind !== 'alive' ? [resumeCommand(folder.id, store.root)] : [],
    };
    if (options.output === 'json') {
      const overrides = plan.overrides ?? [];
      const lock = life.holder ? { ...life.holder, life: life.kind } : null;
      const data = { ...view, lock, overrides, versions: Object.fromEntries(versions), steps: stepRows(run) };
      console.print(`${JSON.stringify(data)}\n`);
    } else console.print(renderStatus({ ...view, outcomes: outcomesOf(run), versions, plan }, console.look));
    return 0;
  });
}

/** The named one; else what needs someone, before a newer run that is finished. */
async function wantedRun(store: RunStore, id: string | undefined): Promise<RunSummary> {
  if (id !== undefined) return store.read(id);
  const unfinished = await store.unfinished();
  if (unfinished) return unfinished;
  const [latest] = await store.ids();
  if (latest === undefined) throw new Failure('usage', `no runs are known in ${store.root}`);
  return store.read(latest);
}
