import type { Entry } from './entry.ts';
import { failuresWith } from './failures.ts';

interface Text extends Pick<Entry, 'title' | 'what' | 'why' | 'remedy'> {
  /** As the table of docs/cli.md has it. */
  readonly meaning: string;
}

export const exitCodes: ReadonlyMap<number, Text> = new Map([
  [
    0,
    {
      title: 'Done, or paused',
      meaning:
        "done, or paused by `--until`, `--max-nodes` or the runbook's window (with `plan --detailed-exitcode`: nothing to do)",
      what: 'Everything that was asked for is done, or was done before; a paused run has finished all that it began.',
      why: 'A script may continue.',
      remedy: 'Nothing. A paused run: `runbook resume` when it may continue.',
    },
  ],
  [
    1,
    {
      title: 'A step failed or its outcome is unknown; the run can be resumed',
      meaning:
        'a step failed, its outcome is unknown, or a node was lost or left out; there is an unfinished run; or a file of this machine cannot be read or written',
      what: 'Something was begun and not finished. "this is a bug in runbook" with a stack ends with 1 too.',
      why: 'A person must look before anything continues.',
      remedy: '`runbook status` shows where it is and the command that continues; report a bug with the stack.',
    },
  ],
  [
    2,
    {
      title: 'Usage, or a document that does not validate',
      meaning: 'usage, or a document that does not validate; nothing was contacted',
      what: 'The command line or a document is wrong.',
      why: 'Everything is read and checked before a node is contacted.',
      remedy: 'Correct what the message names, with its line and column.',
    },
  ],
  [
    3,
    {
      title: 'A guard refused',
      meaning: 'a guard refused, or a fact that is needed could not be read; nothing was changed (or nothing more)',
      what: 'Findings with the severity `refuse` were printed.',
      why: 'A rule that protects the cluster does not hold.',
      remedy: '`runbook explain GUARD`, do what the finding says, and give the command again.',
    },
  ],
  [
    4,
    {
      title: 'Locked by another run',
      meaning: 'locked by another run, whose holder was read',
      what: 'Another process works on this cluster, or did.',
      why: 'One operator at a time.',
      remedy: 'Wait for it, or `runbook resume` (the same run) or `runbook unlock ID` where its process is gone.',
    },
  ],
  [
    5,
    {
      title: 'A node cannot be worked on or is not trusted',
      meaning:
        'a node cannot be worked on or is not trusted (connection, host key, login, login shell, sudo, `remoteDir`, its copy of a run), before anything was changed',
      what: 'The message names the layer that last gave a sign of life, and quotes what the node printed.',
      why: 'A run begins only where it can be finished.',
      remedy: 'Fix the layer named, then give the same command again; `runbook plan smoke.yaml` tries all nodes.',
    },
  ],
  [
    6,
    {
      title: 'There are changes to make (`plan --detailed-exitcode`)',
      meaning: 'with `plan --detailed-exitcode`: there are changes to make',
      what: 'The plan has steps that would change something. Nothing was changed.',
      why: 'A script can ask whether there is work, as with `terraform plan -detailed-exitcode`.',
      remedy: '`runbook apply` makes the changes.',
    },
  ],
  [
    130,
    {
      title: 'Stopped by you; it can be resumed',
      meaning: 'stopped by you; it can be resumed',
      what: 'Ctrl-C, SIGTERM, or an answer other than `y` or `yes`.',
      why: 'It is the exit status that shells give for SIGINT: 128 + 2.',
      remedy: '`runbook resume` continues. After a question answered with no, nothing was changed.',
    },
  ],
]);

export function exitCodeEntries(): Entry[] {
  return [...exitCodes].map(([code, { meaning, what, ...text }]) => {
    const failures = failuresWith(code);
    return {
      kind: 'exit code',
      code: String(code),
      ...text,
      what: `${sentence(meaning)} ${what}`,
      source: 'docs/cli.md, "Exit codes"',
      notes: failures.length > 0 ? [`Failures that end with it: ${failures.join(', ')}.`] : [],
      examples: [],
    };
  });
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
