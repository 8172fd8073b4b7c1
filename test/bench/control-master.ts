import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Sshd } from '../sshd/sshd.ts';

/** The OpenSSH client with a connection that its further calls share. */
export interface ControlMaster {
  /** One `ssh` that runs a command line over the shared connection. */
  run(command: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Calls are made by a small shell: a process as large as Node takes milliseconds to fork, which is not
 * ControlMaster's fault.
 */
export async function openControlMaster(sshd: Sshd, port: number): Promise<ControlMaster> {
  const socket = join(sshd.dir, 'master');
  const options = ['-F', 'none', '-S', socket, '-p', String(port), '-l', sshd.user];
  const hostKey = [
    '-o',
    `UserKnownHostsFile=${sshd.knownHosts}`,
    '-o',
    `HostKeyAlias=[127.0.0.1]:${String(sshd.port)}`,
  ];
  const login = [
    '-i',
    sshd.identityFile,
    '-o',
    'IdentitiesOnly=yes',
    '-o',
    'IdentityAgent=none',
    '-o',
    'BatchMode=yes',
  ];
  const master = spawn('ssh', [...options, ...hostKey, ...login, '-M', '-N', '127.0.0.1'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  while (!existsSync(socket)) {
    if (master.exitCode !== null) throw new Error('ssh could not connect');
    await delay(20);
  }
  const loop = 'while IFS= read -r line; do ssh "$@" 127.0.0.1 "$line" </dev/null >/dev/null; echo $?; done';
  const caller = spawn('sh', ['-c', loop, 'caller', ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  caller.stdout.setEncoding('utf8');
  return {
    run: async (command) => {
      const answer = once(caller.stdout, 'data');
      caller.stdin.write(`${command}\n`);
      const [code]: unknown[] = await answer;
      if (code !== '0\n') throw new Error(`ssh ended with ${String(code)}`);
    },
    stop: async () => {
      const gone = [once(caller, 'exit'), once(master, 'exit')];
      caller.stdin.end();
      master.kill();
      await Promise.all(gone);
    },
  };
}
