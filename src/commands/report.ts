import { extname } from 'node:path';
import { type Command, Option } from 'commander';
import { Failure } from '../failure.ts';
import { RunStore } from '../journal/store.ts';
import type { RunReport } from '../render/report-data.ts';
import { renderHtml } from '../render/report-html.ts';
import { renderJunit } from '../render/report-junit.ts';
import { renderMarkdown } from '../render/report-markdown.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { readReport } from '../run/report.ts';
import { isPlanFile, noResults, readPlanMarkdown, readPlanReport } from '../run/report/plan-page.ts';
import { pageScript } from '../run/report/page-script.ts';
import { writeReport } from '../run/report/write.ts';

const FORMS = ['html', 'md', 'json', 'junit'] as const;
type Form = (typeof FORMS)[number];

interface Options extends CommonOptions {
  readonly out?: string;
  readonly format?: Form;
}

export function define(command: Command, run: Run): void {
  outputOptions(
    command.argument(
      '[run-id | plan.json]',
      'a run (else the latest that is not finished, else the latest), or a saved plan',
    ),
  )
    .option('-o, --out <file>', 'write it there (else to stdout)')
    .addOption(
      new Option('--format <form>', 'what to make (else by the name of the file: .md, .json, .xml; else html)').choices(
        FORMS,
      ),
    )
    .action((id: string | undefined, options: Options) => run(() => report(id, options)));
}

/** Reads the state folder or the file of a plan alone: a run that goes on is reported as far as it has come. */
function report(id: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const { out, format = formOf(out) } = options;
    if (out === undefined && format === 'html' && process.stdout.isTTY) throw notOnTerminal(id);
    const { text, of } = await made(id, format, options);
    if (out === undefined) console.print(text);
    else {
      await writeReport(out, text);
      console.info(`wrote ${of} to ${out}`);
    }
    return 0;
  });
}

async function made(id: string | undefined, format: Form, options: Options): Promise<{ text: string; of: string }> {
  const now = Date.now();
  if (id !== undefined && isPlanFile(id)) {
    if (format === 'junit') throw noResults(id);
    const text =
      format === 'md'
        ? await readPlanMarkdown(id, options.verbose ?? false)
        : await rendered(await readPlanReport(id, now), format);
    return { text, of: `the plan ${id}` };
  }
  const report = await readReport(new RunStore(stateDir(options)), id, now);
  return { text: await rendered(report, format), of: `the report of run ${report.run}` };
}

const BY_EXTENSION: Readonly<Record<string, Form>> = { '.md': 'md', '.json': 'json', '.xml': 'junit' };

function formOf(file = ''): Form {
  return BY_EXTENSION[extname(file).toLowerCase()] ?? 'html';
}

function notOnTerminal(id: string | undefined): Failure {
  const words = ['runbook report', ...(id === undefined ? [] : [id])].join(' ');
  return new Failure('usage', 'the report is a page for a browser, which a terminal cannot show', [
    `Write it into a file: ${words} -o report.html`,
    `For reading here: ${words} --format md`,
  ]);
}

async function rendered(report: RunReport, format: Form): Promise<string> {
  switch (format) {
    case 'html':
      return renderHtml(report, await pageScript());
    case 'md':
      return renderMarkdown(report);
    case 'json':
      return `${JSON.stringify(report)}\n`;
    case 'junit':
      return renderJunit(report);
  }
}
