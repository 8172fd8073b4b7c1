import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { remoteContract, type ContractNode } from './contract.ts';
import { LocalSession } from './local-session.ts';
import { found, pathWith } from './shells.ts';

function thisMachine(interpreter: string): () => Promise<ContractNode> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
    const path = pathWith(interpreter, folder);
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
  else remoteContract(`under ${name}`, thisMachine(interpreter));
}

const setpriv = found('setpriv');

/** Where nobody special may work: a folder that is open to all, as /tmp is. */
async function plainUser(): Promise<ContractNode> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-remote-'));
  chmodSync(folder, 0o1777);
  const open = async (): Promise<LocalSession> => {
    const session = new LocalSession();
    session.before = 'exec setpriv --reuid 65534 --regid 65534 --clear-groups ';
    return Promise.resolve(session);
  };
  const cleanUp = async (): Promise<void> =>
    Promise.resolve(rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return Promise.resolve({ open, root: join(folder, 'root'), cleanUp });
}

if (process.getuid?.() === 0 && setpriv !== undefined) remoteContract('as a plain user', plainUser);
else it.skip('durable attempts as a plain user: only where this is root and has setpriv');
