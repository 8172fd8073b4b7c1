import { EXIT_CODES, type FailureKind } from '../failure.ts';
import type { Entry } from './entry.ts';

type Text = Pick<Entry, 'title' | 'what' | 'why' | 'remedy' | 'source'>;

/** The compiler holds it complete. */
const FAILURES: Readonly<Record<FailureKind, Text>> = {
  'step-failed': {
    title: 'A step failed, its outcome is unknown, or a node was lost during the run',
    what: 'The run has stopped and starts nothing new. What was changed stays, and a node that failed while it was out of service stays cordoned, with the reason in its annotation `runbook/failed`.',
    why: 'What comes after a failed step relies on it, and the next node would fail in the same way.',
    remedy:
      'Read the last lines of its output (`runbook logs NODE STEP`: all of it), fix the cause, then `runbook resume`. A step that you finished by hand: `runbook resume --treat NODE/STEP=done`.',
    source: 'docs/cli.md, "When a step fails"',
  },
  'unfinished-run': {
    title: 'An unfinished run of the same runbook is in the way',
    what: 'The state folder or the nodes know a run of this runbook on this cluster that has not ended. Nothing was changed.',
    why: 'A new run would not know what the other one left: cordons, holds, a step that still runs.',
    remedy:
      '`runbook status` shows it, `runbook resume` continues it, `runbook close RUN` ends it and undoes what is its own; `apply --new` abandons it.',
    source: 'docs/cli.md, "What a command does, in its order"',
  },
  usage: {
    title: 'The command line is wrong, or an answer is needed that no one can give',
    what: 'An option, an argument or an input is wrong or missing; or there is no terminal to ask on. Nothing was contacted.',
    why: 'What is not understood is not guessed.',
    remedy: 'Correct what the message names; `runbook COMMAND --help` lists the options. Without a terminal: `--yes`.',
    source: 'docs/cli.md, "What a command does, in its order"',
  },
  document: {
    title: 'A runbook, an inventory or a saved plan is not valid',
    what: 'Every problem was printed with file, line and column; or a saved plan was edited or damaged. Nothing was contacted.',
    why: 'A document that is half understood would run half of what it means.',
    remedy:
      'Correct the lines named; `runbook validate FILE` repeats the check. Make a saved plan again with `runbook plan -o FILE`.',
    source: 'docs/runbooks.md',
  },
  'guard-refused': {
    title: 'A guard refused, or a fact that is needed could not be read',
    what: 'A rule does not hold on the cluster as it is, or as it would be after a step. Nothing was changed, or nothing more.',
    why: 'Each rule has a source: what is refused has broken clusters before.',
    remedy:
      '`runbook explain GUARD` for each guard named, do what its finding says, then give the same command again (`runbook resume` during a run).',
    source: 'docs/guards.md',
  },
  locked: {
    title: 'Another run holds the lock of this cluster',
    what: 'Its holder was read: who, on which machine, since when. Nothing was changed.',
    why: 'Two operators at once would take two nodes out of service, or undo each other.',
    remedy:
      'Wait, or talk to the holder. If its process is gone: `runbook resume` takes over the same run, `runbook unlock ID` releases the lock.',
    source: 'docs/cli.md, "When a step fails"',
  },
  unreachable: {
    title: 'A node cannot be worked on, or is not trusted',
    what: 'Connection, host key, login, login shell, sudo or `remoteDir` failed, before anything was changed; or the copies of a run on the nodes do not agree.',
    why: 'A run begins only where every node that it needs can be worked on to its end.',
    remedy:
      'The message names the layer and quotes the node. Try `ssh USER@HOST sudo -n true`; compare a host key before you accept it.',
    source: 'docs/cli.md, "When a node cannot be worked on"',
  },
  cancelled: {
    title: 'You stopped it, or answered no',
    what: 'Ctrl-C once: the running step finished, then the run stopped. Twice: the step continues on its node.',
    why: 'A step that is cut off in the middle is worse than one that ends.',
    remedy:
      '`runbook resume` continues, and follows a step that still runs. After a question answered with no, nothing was changed.',
    source: 'docs/cli.md, "When a step fails"',
  },
};

export function failureEntries(): Entry[] {
  return Object.entries(FAILURES).map(([code, text]) => ({
    kind: 'failure',
    code,
    ...text,
    notes: [`Exit code ${codeOf(code)}.`],
    examples: [],
  }));
}

/** The failures that end a command with this exit code. */
export function failuresWith(exitCode: number): string[] {
  return Object.keys(FAILURES).filter((kind) => codeOf(kind) === exitCode);
}

function codeOf(kind: string): number | undefined {
  return new Map<string, number>(Object.entries(EXIT_CODES)).get(kind);
}
