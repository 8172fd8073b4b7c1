import { z } from 'zod';
import { withUnknownUnits } from '../facts/lib/looked.ts';
import type { Action } from './action.ts';

/**
 * A `run:` step: the runbook's script. Only its `check` can tell if it is done; it is assumed to change no fact. It may
 * bring units of systemd.
 */
export const run: Action<Record<string, never>> = {
  name: 'run',
  summary: 'Run a script of the runbook',
  schema: z.strictObject({}),
  place: 'node',
  effect: 'once',
  timeout: 600_000,
  usually: 30_000,
  onTimeout: 'kill',
  facts: [],
  guards: [],
  settle: 0,
  script: ({ own }) => {
    const text = own?.script ?? '';
    return { commands: (own?.shown ?? text).trimEnd().split('\n'), text };
  },
  isDone({ own }) {
    if (own?.check === undefined) return { done: false, reason: 'a run: step without a check always runs' };
    if (own.passed === true) return { done: true, reason: `its check exited 0: ${gistOf(own.check)}` };
    if (own.passed === undefined) return { done: false, reason: 'its check was not run' };
    return { done: false, reason: 'its check did not exit 0' };
  },
  verify(context) {
    if (context.own?.check === undefined) return { done: true, reason: 'exited with 0' };
    const verdict = run.isDone(context);
    return verdict.done ? verdict : { done: false, reason: 'its check still fails' };
  },
  project: ({ facts, node }) => withUnknownUnits(facts, node.name),
};

/** A check in one line: its first line, or what that says where it is a comment. */
function gistOf(check: string): string {
  const [line = '', ...more] = check.trim().split('\n');
  const comment = /^#+\s*(\S.*)$/.exec(line)?.[1];
  return comment ?? (more.length > 0 ? `${line} ...` : line);
}
