import { loginEnv } from './attempts.ts';
import type { Machine } from './machine.ts';
import type { RunSpec } from './shell/run-spec.ts';

/** What a script of root's printed on a machine, and how it ended. */
export interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script that is no attempt: nothing of it is kept. */
export async function runScript(
  machine: Pick<Machine, 'run'>,
  script: string,
  more: Pick<RunSpec, 'world'> = {},
): Promise<Printed> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const code = await machine.run({
    ...more,
    script,
    args: [],
    stdin: '',
    uid: 0,
    env: loginEnv(0),
    cwd: '/root',
    signal: new AbortController().signal,
    out: (chunk) => void stdout.push(chunk),
    err: (chunk) => void stderr.push(chunk),
  });
  return { code, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') };
}
