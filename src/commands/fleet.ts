import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../duration.ts';
import {
  approveOption,
  outputOptions,
  overrideOption,
  planDigestOption,
  collect,
  repeated,
  type Run,
} from '../run/options.ts';
import type { ApplyOptions, PlanOptions } from './fleet/options.ts';
import type { ReportOptions } from './fleet/report.ts';
import type { ResumeOptions } from './fleet/resume.ts';
import type { RequestOptions } from './fleet/request.ts';
import type { StatusOptions } from './fleet/status.ts';
import type { WorkerOptions } from './fleet/worker.ts';

/** Each subcommand is loaded when it is called. */
export function define(command: Command, run: Run): void {
  planOptions(
    command.command('plan').description('what would be done on each cluster, and when: contacts all, changes nothing'),
  )
    .option(
      '-o, --out <folder>',
      'save the plan of the fleet and of each cluster; `runbook fleet apply <folder>` runs just that',
    )
    .action((fleet: string, runbook: string, options: PlanOptions) =>
      run(async () => (await import('./fleet/plan.ts')).fleetPlan(fleet, runbook, options)),
    );
  planDigestOption(
    approveOption(
      planOptions(
        command.command('apply').description('run a runbook on the clusters, stage by stage (asks once, unless --yes)'),
      ),
    ),
  )
    .option('-y, --yes', 'do not ask')
    .action((fleet: string, runbook: string | undefined, options: ApplyOptions) =>
      run(async () => (await import('./fleet/apply.ts')).fleetApply(fleet, runbook, options)),
    );
  fleetOptions(
    command
      .command('resume')
      .description('continue a fleet run whose driver is gone or that failed (asks once, unless --yes), or end a pause')
      .argument('[fleet-run]', 'else the latest that is not over'),
  )
    .option('-y, --yes', 'do not ask')
    .option('--retry <cluster>', 'run this failed cluster again too; may be repeated', repeated, [])
    .option(
      '--treat <cluster=answer>',
      'answer for a failed cluster: done, or skip:REASON; may be repeated',
      repeated,
      [],
    )
    .action((id: string | undefined, options: ResumeOptions) =>
      run(async () => (await import('./fleet/resume.ts')).fleetResume(id, options)),
    );
  fleetOptions(
    command
      .command('status')
      .description('the state of a fleet run: its stages, its clusters, what it waits for')
      .argument('[fleet-run]', 'else the latest'),
  )
    .option('--live', 'follow it until it ends')
    .action((id: string | undefined, options: StatusOptions) =>
      run(async () => (await import('./fleet/status.ts')).fleetStatusCommand(id, options)),
    );
  const request = (name: 'approve' | 'pause' | 'cancel', description: string): Command =>
    fleetOptions(command.command(name).description(description)).option(
      '--run <fleet-run>',
      'which one (else the latest that is not over)',
    );
  request('approve', 'approve a stage that is over, so that the next one may begin')
    .argument('<stage>', 'its name')
    .action((stage: string, options: RequestOptions) =>
      run(async () => (await import('./fleet/request.ts')).fleetRequest({ type: 'approve', stage }, options)),
    );
  request('pause', 'start no further cluster; what runs goes on to its end').action((options: RequestOptions) =>
    run(async () => (await import('./fleet/request.ts')).fleetRequest({ type: 'pause' }, options)),
  );
  request('cancel', 'stop what runs after its step, and end the fleet run')
    .requiredOption('--reason <text>', 'why')
    .action((options: RequestOptions & { readonly reason: string }) =>
      run(async () =>
        (await import('./fleet/request.ts')).fleetRequest({ type: 'cancel', reason: options.reason }, options),
      ),
    );
  fleetOptions(
    command
      .command('report')
      .description('the report of a fleet run: stages and clusters, each with the report of its run')
      .argument('[fleet-run]', 'else the latest'),
  )
    .option('-o, --out <file>', 'write it there, and the reports of the runs beside it (else to stdout)')
    .option('--format <form>', 'html, md or json (else by the name of the file; else html)')
    .action((id: string | undefined, options: ReportOptions) =>
      run(async () => (await import('./fleet/report.ts')).fleetReport(id, options)),
    );
  defineWorker(command.command('worker'), run);
}

function defineWorker(command: Command, run: Run): void {
  outputOptions(
    command
      .description('run the clusters of one site for fleet runs in a database, where their nodes can be reached')
      .requiredOption('--site <name>', 'the site of the fleet whose clusters it runs')
      .option('--database <url>', 'the PostgreSQL that all workers and operators share (else $RUNBOOK_DATABASE)')
      .option('--inventories <dir>', 'where the inventories of its clusters are', '.')
      .addOption(
        new Option('--heartbeat <duration>', 'how often it shows that it lives; after three of them it is replaced')
          .argParser(heartbeat)
          .default(5000, '5s'),
      ),
  ).action((options: WorkerOptions) => run(async () => (await import('./fleet/worker.ts')).fleetWorker(options)));
}

function heartbeat(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 100 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError('It is a duration such as 5s, from 100ms to 1h.');
}

/** Adds the options of commands about fleet runs, of this machine or of workers. */
function fleetOptions(command: Command): Command {
  return outputOptions(command).option(
    '--database <url>',
    'of workers, in this PostgreSQL (else $RUNBOOK_DATABASE; else of this machine)',
  );
}

function planOptions(command: Command): Command {
  const isApply = command.name() === 'apply';
  const described = command
    .argument('<fleet>', isApply ? 'a fleet.yaml, or a folder saved by `runbook fleet plan -o`' : 'a fleet.yaml')
    .argument(isApply ? '[runbook]' : '<runbook>', "a path, or a file's name in ./runbooks");
  return overrideOption(
    fleetOptions(
      described
        .option('--set <key=value>', "set one of the runbook's inputs; may be repeated", collect)
        .option(
          '--limit <clusters>',
          'only these clusters: names with `*`, separated by commas; `!name` leaves one out',
        ),
    ),
  );
}
