import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { RunStore } from '../journal/store.ts';
import type { RunRow } from '../render/run-row.ts';
import { renderRuns } from '../render/runs.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { lifeOfRun, rowOf } from '../run/summary.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command).action((options: CommonOptions) => run(() => runs(options)));
}

function runs(options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const store = new RunStore(stateDir(options));
    const rows: RunRow[] = [];
    for (const id of await store.ids()) {
      try {
        const one = await store.read(id);
        rows.push(rowOf(one, await lifeOfRun(store, one)));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        console.warn(`run ${id} cannot be read: ${error.message}`);
      }
    }
    if (options.output === 'json') console.print(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else if (rows.length === 0) console.print(`no runs are known in ${store.root}\n`);
    else console.print(renderRuns(rows, console.look));
    return 0;
  });
}
