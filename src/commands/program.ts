import { readFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import type { ApplyOptions } from './apply.ts';
import type { LogsOptions } from './logs.ts';
import { approveOption, type CommonOptions, documentOptions, outputOptions, overrideOption } from '../run/options.ts';
import type { PlanOptions } from './plan.ts';
import type { ResumeOptions } from './resume.ts';

/** Runs a command's work and takes its exit code. */
export type Run = (work: () => Promise<number>) => Promise<void>;

/** Every command with its words; what does the work is loaded only when it is called, so that --help is quick. */
export function createProgram(run: Run): Command {
  const program = new Command('runbook')
    .description('Upgrade a live Kubernetes cluster over SSH, one node at a time: planned, guarded, resumable.')
    .version(version())
    .showHelpAfterError('(see --help)')
    .exitOverride();
  addApply(program, run);
  addPlan(program, run);
  addPreflight(program, run);
  addResume(program, run);
  addReading(program, run);
  addDocuments(program, run);
  return program;
}

function addApply(program: Command, run: Run): void {
  const command = documentOptions(
    program
      .command('apply')
      .description('run a runbook on the nodes of an inventory (asks once, unless --yes)')
      .argument(
        '<runbook.yaml | plan.json>',
        "a path, a file's name in ./runbooks, or a plan saved by `runbook plan -o`",
      ),
  );
  overrideOption(approveOption(command))
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'the same as `runbook plan`')
    .option('--new', 'abandon an unfinished run of this runbook and start over')
    .action((file: string, { dryRun, ...options }: ApplyOptions & { dryRun?: boolean }) =>
      run(async () =>
        dryRun === true
          ? (await import('./plan.ts')).plan(file, options)
          : (await import('./apply.ts')).apply(file, options),
      ),
    );
}

function addPlan(program: Command, run: Run): void {
  const command = documentOptions(
    program
      .command('plan')
      .description('dry run: what would be done on which node, and why not')
      .argument('<runbook.yaml | plan.json>', "a path, a file's name in ./runbooks, or a saved plan"),
  );
  overrideOption(command)
    .option('-o, --out <file>', 'save the plan; `runbook apply <file>` runs just that')
    .option('--detailed-exitcode', 'exit 0 when there is nothing to do, 6 when there are changes to make')
    .action((file: string, options: PlanOptions) => run(async () => (await import('./plan.ts')).plan(file, options)));
}

function addPreflight(program: Command, run: Run): void {
  const command = documentOptions(
    program
      .command('preflight')
      .description('facts and guards only: is this cluster ready (for the runbook)?')
      .argument(
        '[runbook.yaml]',
        "a path, or a file's name in ./runbooks; without it the cluster is judged as it stands",
      ),
  );
  overrideOption(command).action((file: string | undefined, options: CommonOptions) =>
    run(async () => (await import('./preflight.ts')).preflight(file, options)),
  );
}

function addResume(program: Command, run: Run): void {
  const command = outputOptions(
    program.command('resume').description('continue the latest unfinished run, or the named one').argument('[run-id]'),
  );
  approveOption(command)
    .option('-i, --inventory <file>', 'the nodes (else the inventory that the run was started with)')
    .option('-y, --yes', 'do not ask')
    .option(
      '--treat <node/step=done|again>',
      'answer a step whose outcome nobody can know: it had its effect, or do it again; may be repeated',
      (value: string, previous: readonly string[]) => [...previous, value],
      [],
    )
    .action((id: string | undefined, options: ResumeOptions) =>
      run(async () => (await import('./resume.ts')).resume(id, options)),
    );
}

function addReading(program: Command, run: Run): void {
  outputOptions(
    program
      .command('status')
      .description('where a run stands: nodes x steps, versions, what is next (the latest run, or the named one)')
      .argument('[run-id]'),
  ).action((id: string | undefined, options: CommonOptions) =>
    run(async () => (await import('./status.ts')).status(id, options)),
  );
  outputOptions(program.command('runs').description('the runs known here, newest first')).action(
    (options: CommonOptions) => run(async () => (await import('./status.ts')).runs(options)),
  );
  outputOptions(
    program
      .command('logs')
      .description('the kept output of steps, as it came')
      .argument('<run-id>')
      .argument('[node]')
      .argument('[step]', 'a step id (`runbook status -v` names them), or the beginning of one'),
  )
    .option('-f, --follow', 'go on while the step runs')
    .action((id: string, node: string | undefined, step: string | undefined, options: LogsOptions) =>
      run(async () => (await import('./logs.ts')).logs(id, node, step, options)),
    );
}

function addDocuments(program: Command, run: Run): void {
  outputOptions(
    program.command('unlock').description('release a lock that its holder left behind').argument('<lock-id>'),
  )
    .option('-i, --inventory <file>', 'the nodes (else $RUNBOOK_INVENTORY, else ./inventory.yaml)')
    .action((id: string, options: CommonOptions) => run(async () => (await import('./unlock.ts')).unlock(id, options)));
  outputOptions(
    program
      .command('validate')
      .description('runbooks and inventories: every problem with file:line:column')
      .argument('<file.yaml...>'),
  ).action((files: string[], options: CommonOptions) =>
    run(async () => (await import('./validate.ts')).validate(files, options)),
  );
  const kinds = ['runbook', 'inventory', 'event', 'plan', 'preflight'] as const;
  program
    .command('schema')
    .description('print the JSON Schema of a file format, of the events of --output json, or of what preflight prints')
    .addArgument(new Argument('<kind>').choices(kinds))
    .action((kind: (typeof kinds)[number]) => run(async () => (await import('./validate.ts')).schema(kind)));
}

function version(): string {
  const file: { version: string } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return file.version;
}
