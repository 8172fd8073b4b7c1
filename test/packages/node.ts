import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { haveSshd, kill, startSshd, type Sshd } from '../sshd/sshd.ts';

/** What kind of machine a node is; the last two pass for a Rocky Linux and an openSUSE Leap. */
export type NodeKind = 'debian' | 'dnf' | 'zypper';

const PROGRAMS: Readonly<Record<NodeKind, readonly string[]>> = {
  debian: ['apt-ftparchive', 'dpkg-deb'],
  dnf: ['createrepo_c', 'rpmbuild', 'rpmsign'],
  zypper: ['createrepo_c', 'rpmbuild', 'rpmsign'],
};
const BASE = new URL('base.sh', import.meta.url).pathname;

/** Why there can be no such nodes here, for the title of their tests; in CI there must be. */
export function missingFor(kind: NodeKind): string {
  if (process.env['CI'] !== undefined) return '';
  const programs = ['debootstrap', 'unshare', 'flock', 'gpg', ...PROGRAMS[kind]];
  const missing = [
    ...(process.getuid?.() === 0 ? [] : ['root']),
    ...(haveSshd ? [] : ['sshd']),
    ...programs.filter((name) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin; command -v ${name}`]).status !== 0),
  ];
  return missing.length === 0 ? '' : ` (not here: ${missing.join(', ')})`;
}

/** The node's own file system, and nothing else of it, is new; it is gone with the last process in the mount namespace. */
const ENTER = `set -e
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
mount -t proc proc /mnt/root/proc
mount -t tmpfs -o mode=755 tmpfs /mnt/root/run
mount --rbind /dev /mnt/root/dev
readlink /proc/self/ns/mnt >"$2"
shift 2
exec "$@"`;

/** Made at the first call on a machine (half a minute), found by all others. */
export function makeBase(kind: NodeKind): string {
  return execFileSync(BASE, [kind], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** A node behind a real OpenSSH server on loopback: its files are its own, its network is the machine's. */
export interface RealNode {
  readonly sshd: Sshd;
  /** Runs a script there as root. @throws Error with what it said when it fails */
  sh(script: string): Promise<string>;
  /** Writes a file there. */
  put(path: string, bytes: Buffer): Promise<void>;
}

/** Ends with the test, and with it everything that still runs on the node. */
export async function startNode(kind: NodeKind): Promise<RealNode> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-node-'));
  const namespaceFile = join(folder, 'namespace');
  const sshd = await startSshd({
    ownHomes: true,
    config: ['ChrootDirectory /mnt/root'],
    wrap: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', makeBase(kind), namespaceFile],
  });
  const namespace = readFileSync(namespaceFile, 'utf8').trim();
  const session = await new Ssh2Transport().connect(sshd.target());
  onTestFinished(async () => {
    await session.close();
    await sshd.stop();
    for (const pid of processesIn(namespace)) kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });
  const sh = async (script: string): Promise<string> => {
    const { exit, stdout, stderr } = await session.exec('sh -s', { stdin: script });
    if (exit.kind === 'exited' && exit.code === 0) return stdout.toString();
    throw new Error(`on the node: ${JSON.stringify(exit)}: ${stderr.toString()}\n${script}`);
  };
  return {
    sshd,
    sh,
    put: async (path, bytes) => void (await sh(`base64 -d >${path} <<'END'\n${bytes.toString('base64')}\nEND\n`)),
  };
}

function processesIn(namespace: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const link = `/proc/${name}/ns/mnt`;
    try {
      return /^\d+$/.test(name) && existsSync(link) && readlinkSync(link) === namespace ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
