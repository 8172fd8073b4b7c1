import { Option, type Command } from 'commander';
import { RunStore } from '../journal/store.ts';
import type { RunReport } from '../render/report-data.ts';
import { renderJunit } from '../render/report-junit.ts';
import { renderMarkdown } from '../render/report-markdown.ts';
import { withConsole } from '../run/console.ts';
import { type CommonOptions, outputOptions, type Run, stateDir } from '../run/options.ts';
import { readReport } from '../run/report.ts';
import { writeReport } from '../run/report/write.ts';

const FORMS = { md: renderMarkdown, json: renderJson, junit: renderJunit } as const;

type Form = keyof typeof FORMS;

interface Options extends CommonOptions {
  readonly out?: string;
  readonly format: Form;
}

export function define(command: Command, run: Run): void {
  outputOptions(command.argument('[run-id]', 'else the latest run that is not finished, else the latest'))
    .option('-o, --out <file>', 'write it there (else to stdout)')
    .addOption(new Option('--format <form>', 'what to make').choices(Object.keys(FORMS)).default('md'))
    .action((id: string | undefined, options: Options) => run(() => report(id, options)));
}

/** Reads the state folder alone: a run that goes on is reported as far as it has come. */
function report(id: string | undefined, options: Options): Promise<number> {
  return withConsole(options, 'stderr', async (console) => {
    const { out, format } = options;
    const made = await readReport(new RunStore(stateDir(options)), id, Date.now());
    const text = FORMS[format](made);
    if (out === undefined) console.print(text);
    else {
      await writeReport(out, text);
      console.info(`wrote the report of run ${made.run} to ${out}`);
    }
    return 0;
  });
}

function renderJson(made: RunReport): string {
  return `${JSON.stringify(made)}\n`;
}
