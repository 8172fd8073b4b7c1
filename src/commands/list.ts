import type { Command } from 'commander';
import { actions } from '../actions/registry.ts';
import { readRunbook } from '../documents/read.ts';
import { namedRunbooks } from '../documents/runbook-path.ts';
import { renderRunbooks } from '../render/runbook.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(command).action((options: CommonOptions) => run(() => list(options)));
}

/** A file that is no valid runbook is listed too, as what `plan` would say of it. */
function list(options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const rows = await Promise.all(
      namedRunbooks().map(async ({ name, path }) => {
        const { value } = await readRunbook(path, actions);
        const required = Object.entries(value?.inputs ?? {}).filter(([, spec]) => spec.default === undefined);
        return {
          name,
          path,
          valid: value !== undefined,
          description: value?.description ?? '',
          required: required.map(([input]) => input),
        };
      }),
    );
    if (options.output === 'json') console.print(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    else console.print(renderRunbooks(rows, console.look));
    return 0;
  });
}
