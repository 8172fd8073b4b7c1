import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { RunStore } from '../../journal/store.ts';
import { renderFleetStatus } from '../../render/fleet-grid.ts';
import type { FleetStatus } from '../../render/fleet-status.ts';
import { sizeOf } from '../../render/screen.ts';
import { type Console, withConsole } from '../../run/console.ts';
import { stateDir } from '../../run/options.ts';
import { fleetStatus } from '../../serve/fleet-status.ts';
import { type FleetOptions, latestRun, openBook } from './options.ts';

export interface StatusOptions extends FleetOptions {
  readonly live?: boolean;
}

/** Milliseconds between two looks of --live. */
const EVERY = 1000;

export function fleetStatusCommand(id: string | undefined, options: StatusOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console, atEnd) => {
    const book = await openBook(console, atEnd, options);
    const run = await latestRun(book, id);
    const runs = new RunStore(resolve(stateDir(options)));
    const read = (): Promise<FleetStatus> => fleetStatus(book, run, runs, Date.now());
    if (options.live === true) return follow(console, read);
    show(console, await read());
    return 0;
  });
}

function show(console: Console, status: FleetStatus): void {
  if (console.output === 'json') console.print(`${JSON.stringify(status)}\n`);
  else console.print(renderFleetStatus(status, console.look));
}

/** Over what the screen shows, without a moment in which it is empty; nothing of it scrolls away. */
function inPlace(text: string): string {
  return `\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[J`;
}

/** On a terminal in place, until the run ends or Ctrl-C; else each time that it changed. */
async function follow(console: Console, read: () => Promise<FleetStatus>): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal);
  const isScreen = process.stdout.isTTY && process.env['TERM'] !== 'dumb' && console.output !== 'json';
  let before = '';
  if (isScreen) process.stdout.write('\u001b[2J');
  try {
    for (;;) {
      const status = await read();
      const isOver = status.endedAt !== undefined;
      // Time that passes alone is no news where all is kept.
      const what = JSON.stringify({ ...status, clusters: status.clusters.map(({ took: _took, ...one }) => one) });
      if (isScreen) {
        const { columns, rows } = sizeOf(process.stdout);
        console.print(inPlace(renderFleetStatus(status, { ...console.look, terminal: columns }, rows)));
      } else if (what !== before) show(console, status);
      before = what;
      if (isOver) return 0;
      await wait(EVERY, undefined, { signal: stop.signal }).catch(() => undefined);
      if (stop.signal.aborted) return 0;
    }
  } finally {
    process.off('SIGINT', onSignal);
  }
}
