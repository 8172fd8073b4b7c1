import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { isUnfinished, RunStore } from '../journal/store.ts';
import { renderStatus } from '../render/status.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { outcomesOf, stateOf, stepRows, versionsOf } from '../run/summary.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('[run-id]')).action((id: string | undefined, options: CommonOptions) =>
    run(() => status(id, options)),
  );
}

function status(id: string | undefined, options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const store = new RunStore(stateDir(options));
    const latest = id ?? (await store.ids())[0];
    if (latest === undefined) throw new Failure('usage', `no runs are known in ${store.root}`);
    const run = await store.read(latest);
    const { plan, progress } = run;
    const versions = await versionsOf(run);
    const view = {
      run: run.folder.id,
      runbook: plan.runbook.name,
      cluster: plan.inventory.cluster,
      state: stateOf(run),
      startedAt: progress.startedAt ?? plan.createdAt,
      next: isUnfinished(progress) ? [`runbook resume ${run.folder.id}`] : [],
    };
    if (options.output === 'json') {
      const overrides = plan.overrides ?? [];
      const data = { ...view, overrides, versions: Object.fromEntries(versions), steps: stepRows(run) };
      console.print(`${JSON.stringify(data)}\n`);
    } else console.print(renderStatus({ ...view, outcomes: outcomesOf(run), versions, plan }, console.look));
    return 0;
  });
}
