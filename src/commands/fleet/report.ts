import { basename, dirname, extname, join, resolve } from 'node:path';
import { Failure } from '../../failure.ts';
import { RunStore } from '../../journal/store.ts';
import { makeFolder } from '../../make-folder.ts';
import { renderFleetHtml, renderFleetMarkdown } from '../../render/fleet-html.ts';
import type { FleetStatus } from '../../render/fleet-status.ts';
import { count } from '../../render/text.ts';
import { type Console, withConsole } from '../../run/console.ts';
import { stateDir } from '../../run/options.ts';
import { readReport } from '../../run/report.ts';
import { renderedReport } from '../../run/report/form.ts';
import { writeReport } from '../../run/report/write.ts';
import { fleetStatus } from '../../serve/fleet-status.ts';
import { localZone } from '../../time-zone.ts';
import { type FleetOptions, latestRun, openBook } from './options.ts';

export interface ReportOptions extends FleetOptions {
  readonly out?: string;
  readonly format?: string;
}

const FORMS: Readonly<Record<string, 'html' | 'md' | 'json'>> = { '.md': 'md', '.json': 'json' };

export function fleetReport(id: string | undefined, options: ReportOptions): Promise<number> {
  return withConsole(options, 'stderr', async (console, atEnd) => {
    const { out, format = FORMS[extname(out ?? '').toLowerCase()] ?? 'html' } = options;
    if (format !== 'html' && format !== 'md' && format !== 'json')
      throw new Failure('usage', `--format ${format}: it is html, md or json`);
    if (out === undefined && format === 'html' && process.stdout.isTTY)
      throw new Failure('usage', 'the report is a page for a browser, which a terminal cannot show', [
        'Write it into a file: runbook fleet report -o fleet.html',
      ]);
    const book = await openBook(console, atEnd, options);
    const run = await latestRun(book, id);
    const runs = new RunStore(resolve(stateDir(options)));
    const now = Date.now();
    const status = await fleetStatus(book, run, runs, now);
    const place = { zone: localZone(), madeAt: now };
    if (format === 'html') {
      const links = out === undefined ? new Map<string, string>() : await writeRuns(console, status, runs, out, now);
      await put(
        console,
        out,
        renderFleetHtml(status, (one) => links.get(one), place),
      );
    } else
      await put(
        console,
        out,
        format === 'md' ? renderFleetMarkdown(status, place.zone) : `${JSON.stringify(status)}\n`,
      );
    if (out !== undefined) console.info(`wrote the report of fleet run ${run} to ${out}`);
    return 0;
  });
}

async function put(console: Console, out: string | undefined, text: string): Promise<void> {
  if (out === undefined) console.print(text);
  else await writeReport(out, text);
}

/** The reports of the clusters' runs, in a folder beside the page: `fleet.html` has `fleet-runs/`. @returns links by run */
async function writeRuns(
  console: Console,
  { clusters }: FleetStatus,
  store: RunStore,
  out: string,
  now: number,
): Promise<Map<string, string>> {
  const known = new Set(await store.ids());
  const runs = clusters.flatMap((one) => (one.run !== undefined && known.has(one.run) ? [one.run] : []));
  const folder = `${basename(out, extname(out))}-runs`;
  const links = new Map<string, string>();
  if (runs.length > 0) await makeFolder(join(dirname(out), folder));
  for (const run of runs) {
    const file = join(dirname(out), folder, `${run}.html`);
    await writeReport(file, await renderedReport(await readReport(store, run, now), 'html'));
    links.set(run, `${folder}/${run}.html`);
  }
  if (runs.length > 0) console.info(`wrote ${count(runs.length, 'report')} of runs to ${join(dirname(out), folder)}`);
  return links;
}
