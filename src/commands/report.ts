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
import { pageScript } from '../run/report/page-script.ts';
import { writeReport } from '../run/report/write.ts';

const FORMS = ['html', 'md', 'json', 'junit'] as const;
type Form = (typeof FORMS)[number];

interface Options extends CommonOptions {
  readonly out?: string;
  readonly format?: Form;
}

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('[run-id]', 'else the latest run that is not finished, else the latest'))
    .option('-o, --out <file>', 'write it there (else to stdout)')
    .addOption(
      new Option('--format <form>', 'what to make (else by the name of the file: .md, .json, .xml; else html)').choices(
        FORMS,
      ),
    )
    .action((id: string | undefined, options: Options) => run(() => report(id, options)));
}

/** Reads the state folder alone: a run that goes on is reported as far as it has come. */
function report(id: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const { out, format = formOf(out) } = options;
    if (out === undefined && format === 'html' && process.stdout.isTTY) throw notOnTerminal(id);
    const made = await readReport(new RunStore(stateDir(options)), id, Date.now());
    const text = await rendered(made, format);
    if (out === undefined) console.print(text);
    else {
      await writeReport(out, text);
      console.info(`wrote the report of run ${made.run} to ${out}`);
    }
    return 0;
  });
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

async function rendered(made: RunReport, format: Form): Promise<string> {
  switch (format) {
    case 'html':
      return renderHtml(made, await pageScript());
    case 'md':
      return renderMarkdown(made);
    case 'json':
      return `${JSON.stringify(made)}\n`;
    case 'junit':
      return renderJunit(made);
  }
}
