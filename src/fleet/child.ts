import { type ChildProcess, spawn } from 'node:child_process';
import { open, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../failure.ts';

/** How a process ended: `signal` and `problem` (it could not be started) are without a code. */
export interface ChildEnd {
  readonly code?: number;
  readonly signal?: string;
  readonly problem?: string;
}

export interface Child {
  readonly ended: Promise<ChildEnd>;
  /** As Ctrl-C on its terminal. */
  readonly interrupt: () => void;
  /** This process may end before it. */
  readonly leave: () => void;
}

/**
 * Starts a process that lives on when this one is killed: a process group of its own, no terminal, and its output goes
 * to files, for its owner alone.
 */
export async function startChild(command: readonly string[], out: string, err: string, cwd?: string): Promise<Child> {
  const [program = '', ...args] = command;
  const files: FileHandle[] = [];
  try {
    for (const file of [out, err]) files.push(await open(file, 'a', 0o600));
    const child = spawn(program, args, {
      detached: true,
      ...(cwd !== undefined && { cwd }),
      stdio: ['ignore', files[0]?.fd ?? 'ignore', files[1]?.fd ?? 'ignore'],
    });
    return childOf(child);
  } finally {
    for (const file of files) await file.close();
  }
}

function childOf(child: ChildProcess): Child {
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) => {
      resolve({ problem: messageOf(error) });
    });
    child.once('exit', (code, signal) => {
      resolve(code === null ? { signal: signal ?? 'a signal' } : { code });
    });
  });
  return { ended, interrupt: () => void child.kill('SIGINT'), leave: () => child.unref() };
}
