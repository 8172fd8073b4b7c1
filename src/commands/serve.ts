import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { RunStore } from '../journal/store.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { type Console, withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { readSavedPlan } from '../run/saved-plan.ts';
import { count } from '../render/text.ts';
import { openBook } from './fleet/options.ts';
import { openBrowser } from '../serve/browser.ts';
import { serveRuns } from '../serve/server.ts';

interface Options extends CommonOptions {
  readonly port: number;
  readonly open?: boolean;
  readonly database?: string;
}

export function define(command: Command, run: Run): void {
  outputOptions(
    command
      .argument('[plan.json...]', 'saved plans to show beside the runs')
      .option('--port <number>', 'listen on this port of 127.0.0.1 (else any that is free)', portIn, 0)
      .option('--open', 'open the page in your browser')
      .option(
        '--database <url>',
        'show the fleet runs of this PostgreSQL (else $RUNBOOK_DATABASE) in place of those here',
      ),
  ).action((plans: string[], options: Options) => run(() => serve(plans, options)));
}

/** Only reads the state folder and the plans; ends with Ctrl-C. */
function serve(plans: readonly string[], options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console, atEnd) => {
    const stopped = untilStopped();
    const script = await readFile(join(PACKAGE_ROOT, 'dist', 'live-page.js'), 'utf8');
    const store = new RunStore(stateDir(options));
    // A file that is no plan is refused here; one that is damaged later is shown with its problem.
    for (const file of plans) await readSavedPlan(file);
    const fleets = await openBook(console, atEnd, options);
    const { url, close } = await serveRuns({ store, fleets, plans, port: options.port, script, now: Date.now });
    atEnd(close);
    if (console.output === 'json') console.print(`${JSON.stringify({ url })}\n`);
    else {
      console.print(`${url}\n`);
      console.info(
        `shows the runs in ${store.root}${plans.length === 0 ? '' : ` and ${count(plans.length, 'plan')}`} to the first browser that opens this address, until Ctrl-C`,
      );
    }
    if (options.open) void open(console, url);
    await stopped;
    return 0;
  });
}

async function open(console: Console, url: string): Promise<void> {
  const problem = await openBrowser(url);
  if (problem !== undefined) console.warn(`no browser was opened: ${problem}`, ['Open the printed address yourself.']);
}

/** Resolves at the first signal to end; a second one ends the process as it does by default. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
}

function portIn(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
}
