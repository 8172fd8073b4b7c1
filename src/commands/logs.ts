import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { Failure } from '../failure.ts';
import { RunStore } from '../journal/store.ts';
import { withConsole } from '../run/console.ts';
import { follow, listOutput } from '../run/kept-output.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';

interface Options extends CommonOptions {
  readonly follow?: boolean;
}

export function define(command: Command, run: Run): void {
  outputOptions(
    command
      .argument('<run-id>')
      .argument('[node]')
      .argument('[step]', 'a step id (`runbook status -v` shows them), or the beginning of one'),
  )
    .option('-f, --follow', 'continue while the step runs')
    .action((id: string, node: string | undefined, step: string | undefined, options: Options) =>
      run(() => logs(id, node, step, options)),
    );
}

function logs(id: string, node: string | undefined, step: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async () => {
    const store = new RunStore(stateDir(options));
    const files = await listOutput(await store.read(id), node, step);
    if (files.length === 0) {
      const what = [node, step].filter((word) => word !== undefined).join(' ');
      throw new Failure('usage', `run ${id} has kept no output${what === '' ? '' : ` of ${what}`}`, [
        'The nodes and step ids: `runbook status -v`.',
      ]);
    }
    for (const file of files) {
      if (files.length > 1) process.stdout.write(`==> ${file.node} ${file.step} (attempt ${file.attempt}) <==\n`);
      await pipeline(createReadStream(file.path), process.stdout, { end: false });
    }
    const last = files.at(-1);
    if (options.follow === true && last) await follow(store, id, last);
    return 0;
  });
}
