import { Command } from 'commander';
import { type KnownWords, wordsOf } from '../completion/words.ts';
import type { Run } from '../run/options.ts';

interface Entry {
  readonly usage: string;
  readonly description: string;
  readonly load: () => Promise<{ readonly define: (command: Command, run: Run) => void }>;
}

/** What `runbook --help` lists. The file of a command is loaded only when the command is called. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  init: {
    usage: '[options] [file]',
    description: 'write an inventory for an existing cluster, from the cluster itself or what other tools know of it',
    load: () => import('./init.ts'),
  },
  apply: {
    usage: '[options] <runbook.yaml | plan.json>',
    description: 'run a runbook on the nodes of an inventory (asks once, unless --yes)',
    load: () => import('./apply.ts'),
  },
  plan: {
    usage: '[options] <runbook.yaml | plan.json>',
    description: 'dry run: what would be done on which node, and why not',
    load: () => import('./plan.ts'),
  },
  rehearse: {
    usage: '[options] <runbook.yaml | plan.json>',
    description: 'the run itself on a simulated twin of the cluster: no node is changed',
    load: () => import('./rehearse.ts'),
  },
  preflight: {
    usage: '[options] [runbook.yaml]',
    description: 'facts and guards only: is this cluster ready (for the runbook)?',
    load: () => import('./preflight.ts'),
  },
  facts: {
    usage: '[options] [runbook.yaml]',
    description: 'everything that guards and actions read, of all nodes, in one file; plan and preflight take it',
    load: () => import('./facts.ts'),
  },
  resume: {
    usage: '[options] [run-id]',
    description: 'continue the latest unfinished run, or the named one',
    load: () => import('./resume.ts'),
  },
  status: {
    usage: '[options] [run-id]',
    description: 'the state of a run: nodes x steps, versions, what is next (the latest run, or the named one)',
    load: () => import('./status.ts'),
  },
  runs: {
    usage: '[options]',
    description: 'the runs known here, newest first',
    load: () => import('./runs.ts'),
  },
  logs: {
    usage: '[options] [run-id] [node] [step]',
    description: 'the kept output of steps',
    load: () => import('./logs.ts'),
  },
  report: {
    usage: '[options] [run-id]',
    description: 'the report of a run: what was done on which node, when, by whom, with which result',
    load: () => import('./report.ts'),
  },
  serve: {
    usage: '[options]',
    description: 'the runs known here as live pages for a browser on this machine, until Ctrl-C',
    load: () => import('./serve.ts'),
  },
  fleet: {
    usage: '[options] <command>',
    description:
      'a runbook on many clusters, stage by stage: plan, apply, status, approve, pause, resume, cancel, report',
    load: () => import('./fleet.ts'),
  },
  unlock: {
    usage: '[options] <lock-id>',
    description: 'release a lock that its holder left behind',
    load: () => import('./unlock.ts'),
  },
  close: {
    usage: '[options] <run-id>',
    description: 'end a run that will not be finished, and undo what is its own',
    load: () => import('./close.ts'),
  },
  validate: {
    usage: '[options] <file.yaml...>',
    description: 'runbooks and inventories: every problem with file:line:column',
    load: () => import('./validate.ts'),
  },
  list: {
    usage: '[options]',
    description: 'the runbooks known by name, and what each is for',
    load: () => import('./list.ts'),
  },
  show: {
    usage: '[options] <runbook.yaml>',
    description: 'a runbook: its header, its inputs with their defaults, its phases',
    load: () => import('./show.ts'),
  },
  explain: {
    usage: '[options] [code]',
    description: 'what a guard, a failure, an exit code or a known text means, and what to do (without a code: all)',
    load: () => import('./explain.ts'),
  },
  schema: {
    usage: '<kind>',
    description: 'print the JSON Schema of a file format, of the events of --output json, or of what preflight prints',
    load: () => import('./schema.ts'),
  },
  lab: {
    usage: '[options] [command]',
    description: 'a simulated cluster behind real SSH servers',
    load: () => import('./lab.ts'),
  },
  completion: {
    usage: '<bash|zsh|fish>',
    description: 'print a script that completes commands, options, nodes, runs and inputs in your shell',
    load: () => import('./completion.ts'),
  },
};

/** The command behind that script. */
const COMPLETE = '__complete';

/** @param words the command line; only commands that it names are loaded */
export async function addCommands(program: Command, words: readonly string[], run: Run): Promise<void> {
  if (words[0] === COMPLETE) {
    (await import('./complete.ts')).define(program.command(COMPLETE, { hidden: true }), run, everyWord);
    return;
  }
  for (const [name, { usage, description, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(description).usage(usage);
    if (words.includes(name)) (await load()).define(command, run);
  }
}

/** What `runbook schema` prints, by kind. The build writes them down. */
export async function everySchema(): Promise<Readonly<Record<string, object>>> {
  const module = await import('./schema.ts');
  return module.everySchema();
}

/** What can be typed, from the commands themselves: loads all of them. The build writes it down. */
export async function everyWord(): Promise<KnownWords> {
  const program = new Command('runbook').version('0', '-V, --version', 'print the version');
  await addCommands(program, Object.keys(COMMANDS), () => Promise.resolve());
  const { labCommand } = await import('./lab.ts');
  const lab = await labCommand();
  const { guards } = await import('../guards/registry.ts');
  const { entries } = await import('../explain/entries.ts');
  const root = wordsOf(program);
  return {
    root: {
      ...root,
      commands: root.commands.map((one) =>
        one.name === 'lab' && lab ? { ...wordsOf(lab), name: one.name, description: one.description } : one,
      ),
    },
    guards: [...guards.values()].map(({ id, title }) => [id, title] as const),
    codes: entries().map(({ code, title }) => [code, title] as const),
  };
}
