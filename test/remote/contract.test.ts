import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { remoteContract, type ContractNode } from './contract.ts';
import { LocalSession } from './local-session.ts';

function found(name: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** `only`: no other tools than those of the interpreter (busybox brings its own). */
function thisMachine(interpreter: string, only: boolean): () => Promise<ContractNode> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    if (only) execFileSync(interpreter, ['--install', '-s', bin]);
    else symlinkSync(interpreter, join(bin, 'sh'));
    const path = only ? bin : `${bin}:${process.env['PATH'] ?? ''}`;
    return Promise.resolve({
      open: async () => Promise.resolve(new LocalSession(path)),
      root: join(folder, 'root'),
      cleanUp: async () => Promise.resolve(rmSync(folder, { recursive: true, force: true, maxRetries: 5 })),
    });
  };
}

for (const name of ['sh', 'dash', 'bash', 'busybox']) {
  const interpreter = found(name);
  if (interpreter === undefined) it.skip(`durable attempts under ${name}: not on this machine`);
  else remoteContract(`under ${name}`, thisMachine(interpreter, name === 'busybox'));
}
