import { type Command, Option } from 'commander';
import { Failure } from '../failure.ts';
import { RunStore } from '../journal/store.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { readReport } from '../run/report.ts';
import { isPlanFile, noResults, readPlanMarkdown, readPlanReport } from '../run/report/plan-page.ts';
import { REPORT_FORMS, renderedReport, type ReportForm, reportFormOf } from '../run/report/form.ts';
import { writeReport } from '../run/report/write.ts';

interface Options extends CommonOptions {
  readonly out?: string;
  readonly format?: ReportForm;
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
        REPORT_FORMS,
      ),
    )
    .action((id: string | undefined, options: Options) => run(() => report(id, options)));
}

/** Reads the state folder or the file of a plan alone: a run that goes on is reported as far as it has come. */
function report(id: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const { out, format = reportFormOf(out) } = options;
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

async function made(
  id: string | undefined,
  format: ReportForm,
  options: Options,
): Promise<{ text: string; of: string }> {
  const now = Date.now();
  if (id !== undefined && isPlanFile(id)) {
    if (format === 'junit') throw noResults(id);
    const text =
      format === 'md'
        ? await readPlanMarkdown(id, options.verbose ?? false)
        : await renderedReport(await readPlanReport(id, now), format);
    return { text, of: `the plan ${id}` };
  }
  const report = await readReport(new RunStore(stateDir(options)), id, now);
  return { text: await renderedReport(report, format), of: `the report of run ${report.run}` };
}

function notOnTerminal(id: string | undefined): Failure {
  const words = ['runbook report', ...(id === undefined ? [] : [id])].join(' ');
  return new Failure('usage', 'the report is a page for a browser, which a terminal cannot show', [
    `Write it into a file: ${words} -o report.html`,
    `For reading here: ${words} --format md`,
  ]);
}
