import { nodeScript } from '../journal/node-script.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import { ConnectFailure, ConnectionLost } from '../transport/transport.ts';

/** Milliseconds: a few small commands, but the disk may be slow. */
const LIMIT = 60_000;

/**
 * What every command asks a node before anything else: whether its login shell, `become` and sh work, and whether the
 * folder of locks and attempts can be written. One file of a few bytes is made and removed; nothing else tells that a
 * file system is full or read-only. @returns why the node cannot be worked on
 */
export async function whyNotReady(
  name: string,
  ask: (work: (remote: RemoteNode) => Promise<string | undefined>) => Promise<string | undefined>,
  root: string,
): Promise<ConnectFailure | undefined> {
  try {
    const problem = await ask(async (remote) => {
      const { code, stderr } = await remote.probe(nodeScript(root, script), { timeout: LIMIT });
      return code === 0 ? undefined : stderr.trim() || `exit ${code}`;
    });
    if (problem === undefined) return undefined;
    const next = `remoteDir (${root}) keeps locks and the output of steps: make it writable, or set another one in the inventory`;
    return new ConnectFailure(name, 'remote-dir', `${name}: its remoteDir cannot be used: ${problem}`, [next]);
  } catch (error) {
    if (error instanceof ConnectFailure) return error;
    if (!(error instanceof ConnectionLost)) throw error;
    const next =
      'it had logged in, and ended while a short script ran: see its sshd, and start files of the login shell';
    return new ConnectFailure(name, 'shell', `${name}: ${error.message}`, [next], { cause: error });
  }
}

const script = `d=$root
while [ ! -e "$d" ]; do
  d=\${d%/*}
  d=\${d:-/}
done
[ -d "$d" ] || refuse "$d is no folder"
[ ! -e "$root" ] || [ -O "$root" ] || refuse "$root belongs to another user"
t=$d/.runbook-$$
m=$( { echo ready | LC_ALL=C dd of="$t"; } 2>&1 ) || { rm -f "$t"; refuse "$m"; }
rm -f "$t"
`;
