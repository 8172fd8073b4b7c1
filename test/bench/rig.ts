import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { AttemptSpec } from '../../src/remote/attempt.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Session, Target } from '../../src/transport/transport.ts';
import { startSshd, type Sshd } from '../sshd/sshd.ts';
import { openLine, type Line } from './line.ts';

/** A real OpenSSH server with a line to it; no root is needed. */
export interface Rig {
  readonly sshd: Sshd;
  readonly line: Line;
  /** Through the line. */
  readonly target: Target;
  /** The folder that keeps attempts on the node; all that was measured goes away with the server. */
  readonly root: string;
  connect(): Promise<Session>;
  stop(): Promise<void>;
}

export async function startRig(): Promise<Rig> {
  // bash reads a .bashrc for every command of a new login, which would flatter the step that needs no login shell.
  const sshd = await startSshd({ config: ['SetEnv SHLVL=2'] });
  const line = await openLine(sshd.port);
  const root = join(sshd.dir, 'attempts');
  mkdirSync(root, { mode: 0o700 });
  // The key is that of the server, whose port is another one.
  const target = sshd.target({ port: line.port, hostKeyChecking: 'off', knownHosts: [] });
  const transport = new Ssh2Transport();
  let stopping: Promise<void> | undefined;
  return {
    sshd,
    line,
    target,
    root,
    connect: async () => transport.connect(target),
    // a signal stops it while it is measured, and what was measured then fails and stops it too
    stop: async () => (stopping ??= stopBoth(line, sshd)),
  };
}

async function stopBoth(line: Line, sshd: Sshd): Promise<void> {
  try {
    await line.stop();
  } finally {
    await sshd.stop();
  }
}

let attempts = 0;

/** One more attempt of a script, as the engine would ask for it. */
export function attempt(script: string): AttemptSpec {
  attempts += 1;
  const id = `1-bench.${String(attempts)}`;
  return { run: 'bench', id, script, timeout: 600_000, onTimeout: 'kill', epoch: 1, maxOutput: 256 * 1024 * 1024 };
}

export const noOutput = { stdout: () => undefined, stderr: () => undefined };
