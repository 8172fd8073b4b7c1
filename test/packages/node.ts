import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { haveSshd, startSshd, type Sshd } from '../sshd/sshd.ts';

const PROGRAMS = ['debootstrap', 'unshare', 'flock', 'apt-ftparchive', 'dpkg-deb', 'gpg'];
const BASE = new URL('base.sh', import.meta.url).pathname;

/** Why there can be no Debian nodes here; in CI there must be. */
export const withoutNodes =
  process.env['CI'] === undefined
    ? [
        ...(process.getuid?.() === 0 ? [] : ['root']),
        ...(haveSshd ? [] : ['sshd']),
        ...PROGRAMS.filter((name) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin; command -v ${name}`]).status !== 0),
      ].join(', ')
    : '';

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
export function makeBase(): string {
  return execFileSync(BASE, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** A Debian node behind a real OpenSSH server on loopback: its files are its own, its network is the machine's. */
export interface DebianNode {
  readonly sshd: Sshd;
  /** Runs a script there as root. @throws Error with what it said when it fails */
  sh(script: string): Promise<string>;
}

/** Ends with the test, and with it everything that still runs on the node. */
export async function startNode(): Promise<DebianNode> {
  const folder = mkdtempSync(join(tmpdir(), 'runbook-node-'));
  const namespaceFile = join(folder, 'namespace');
  const sshd = await startSshd({
    config: ['ChrootDirectory /mnt/root'],
    wrap: ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', ENTER, 'sh', makeBase(), namespaceFile],
  });
  const namespace = readFileSync(namespaceFile, 'utf8').trim();
  const session = await new Ssh2Transport().connect(sshd.target());
  onTestFinished(async () => {
    await session.close();
    await sshd.stop();
    for (const pid of processesIn(namespace)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true });
  });
  return {
    sshd,
    sh: async (script) => {
      const { exit, stdout, stderr } = await session.exec('sh -s', { stdin: script });
      if (exit.kind === 'exited' && exit.code === 0) return stdout.toString();
      throw new Error(`on the node: ${JSON.stringify(exit)}: ${stderr.toString()}\n${script}`);
    },
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
