import type { Command } from 'commander';
import { RunStore } from '../journal/store.ts';
import type { RunRow } from '../render/run-row.ts';
import { renderRuns } from '../render/runs.ts';
import { withConsole } from '../run/console.ts';
import { listRuns } from '../run/list-runs.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command).action((options: CommonOptions) => run(() => runs(options)));
}

function runs(options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const store = new RunStore(stateDir(options));
    const rows: RunRow[] = [];
    for (const listed of await listRuns(store)) {
      if ('row' in listed) rows.push(listed.row);
      else console.warn(`run ${listed.run} cannot be read: ${listed.problem}`);
    }
    if (options.output === 'json') console.print(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else if (rows.length === 0) console.print(`no runs are known in ${store.root}\n`);
    else console.print(renderRuns(rows, console.look));
    return 0;
  });
}
