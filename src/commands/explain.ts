import type { Command } from 'commander';
import { nearestOf } from '../documents/nearest.ts';
import { entries } from '../explain/entries.ts';
import type { Entry } from '../explain/entry.ts';
import { Failure } from '../failure.ts';
import { renderEntries, renderEntry } from '../render/explain.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run } from '../run/options.ts';

export function define(command: Command, run: Run): void {
  outputOptions(
    command.argument('[code]', 'a guard, a failure, an exit code, or the name of a known text; else all are listed'),
  ).action((code: string | undefined, options: CommonOptions) => run(() => explain(code, options)));
}

/** Reads nothing and contacts nothing. */
function explain(code: string | undefined, options: CommonOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    if (code !== undefined) {
      const entry = entryOf(code);
      if (options.output === 'json') console.print(`${JSON.stringify(entry)}\n`);
      else console.print(renderEntry(entry, console.look));
    } else if (options.output === 'json') {
      console.print(
        entries()
          .map((entry) => `${JSON.stringify(entry)}\n`)
          .join(''),
      );
    } else
      console.print(renderEntries(entries(), console.look, process.stdout.isTTY ? console.look.columns : undefined));
    return 0;
  });
}

/** @throws Failure (usage) with the codes that were probably meant */
function entryOf(code: string): Entry {
  const all = entries();
  const found = all.find((entry) => entry.code === code.toLowerCase());
  if (found) return found;
  const near = nearestOf(
    code,
    all.map((entry) => entry.code),
  );
  throw new Failure('usage', `there is no code ${code}`, [
    ...(near.length > 0 ? [`did you mean ${near.map((one) => `\`${one}\``).join(', ')}?`] : []),
    'All codes: `runbook explain`.',
  ]);
}
