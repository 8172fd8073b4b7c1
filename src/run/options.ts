import { type Command, InvalidArgumentError, Option } from 'commander';

/** Runs a command's work and takes its exit code. */
export type Run = (work: () => Promise<number>) => Promise<void>;

/** Options of every command about runs. */
export interface CommonOptions {
  readonly inventory?: string;
  readonly set?: readonly string[];
  readonly limit?: string;
  readonly override?: readonly string[];
  /** A facts file in place of the nodes. */
  readonly facts?: string;
  readonly output?: 'pretty' | 'plain' | 'json';
  readonly stateDir?: string;
  readonly color: boolean;
  readonly verbose?: boolean;
}

/** Adds the options of output and state to a command. */
export function outputOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--output <form>',
        'pretty (only on a terminal), plain, or json: one event per line on stdout',
      ).choices(['pretty', 'plain', 'json']),
    )
    .option('--state-dir <dir>', 'where runs are kept (else $RUNBOOK_STATE_DIR, else ./.runbook)')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .option('-v, --verbose', 'show more: whole scripts, reasons, every line');
}

/** Adds the options of a command that reads a runbook and an inventory. */
export function documentOptions(command: Command): Command {
  return outputOptions(
    command
      .option('-i, --inventory <file>', 'the nodes (else $RUNBOOK_INVENTORY, else ./inventory.yaml)')
      .option('--set <key=value>', "set one of the runbook's inputs; may be repeated", collect)
      .option('--limit <pattern>', 'only these nodes: names, groups, roles, `!name`'),
  );
}

/** Adds the option that overrides a refusal. */
export function overrideOption(command: Command): Command {
  return command.option(
    '--override <guard=reason>',
    'override a guard that refuses (guard@node=reason: only there); the reason is journaled; may be repeated',
    repeated,
    [],
  );
}

/** Adds the option that takes a facts file in place of the nodes. */
export function factsOption(command: Command): Command {
  return command.option(
    '--facts <facts.json>',
    'contact no one: take what `runbook facts -o FILE` read, with its inventory unless -i names one',
  );
}

/** Adds the option that keeps planning from running what the runbook asks. */
export function checksOption(command: Command): Command {
  return command.option(
    '--no-checks',
    'run no command of the runbook (`check:`, `require`): they are shown, and their steps count as to be done',
  );
}

/** Adds the option that answers steps which ask a person. */
export function approveOption(command: Command): Command {
  return command.option(
    '--approve <step>',
    'answer a step that asks for approval, which --yes does not; may be repeated',
    repeated,
    [],
  );
}

/** Options of commands that can be watched by other tools. */
export interface WatchOptions {
  readonly metrics?: string;
}

/** Adds the option that keeps metrics of the run. */
export function metricsOption(command: Command): Command {
  return command.option(
    '--metrics <file>',
    "keep metrics of the run in this file, for Prometheus (node_exporter's textfile collector)",
  );
}

/** Adds the options that end a run early, with everything done that was begun. */
export function boundOptions(command: Command): Command {
  return command
    .option(
      '--until <time>',
      'start no node that would not be done by then, and pause: 05:00 (the next one here), 2026-12-06T05:00, 2h',
    )
    .option('--max-nodes <number>', 'work on so many nodes, then pause; `runbook resume` continues');
}

/** Adds the option that says which plan it must be. */
export function planDigestOption(command: Command): Command {
  return command.option(
    '--plan-digest <sha256>',
    'run only the plan with this digest, which `runbook plan` printed; any other is refused',
  );
}

/** For an option that may be given several times. */
export function repeated(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** For an option of the form key=value that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  if (!value.includes('=')) throw new InvalidArgumentError('It has the form key=value.');
  return [...previous, value];
}

export function stateDir(options: CommonOptions): string {
  return options.stateDir ?? process.env.RUNBOOK_STATE_DIR ?? '.runbook';
}

export function inventoryFile(options: CommonOptions): string {
  return options.inventory ?? process.env.RUNBOOK_INVENTORY ?? 'inventory.yaml';
}
