import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../../src/transport/transport.ts';

const SSHD = ['/usr/sbin/sshd', '/usr/bin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

/** Whether tests against a real OpenSSH server can run here. In CI they must. */
export const haveSshd = SSHD !== undefined || process.env['CI'] !== undefined;

/** A real OpenSSH server on loopback, run as the current user from a folder of its own. */
export interface Sshd {
  readonly port: number;
  readonly user: string;
  readonly dir: string;
  readonly identityFile: string;
  readonly knownHosts: string;
  /** All that a transport needs to log in. */
  target(changes?: Partial<Target>): Target;
  /** Pids of the processes that serve connections now (not the listener). */
  sessionPids(): number[];
  /** Logins that it has accepted so far. */
  readonly logins: number;
  /** Ends the processes that serve connections, as if the link were cut by the node; their commands live on. */
  dropSessions(): void;
  stop(): Promise<void>;
}

export interface SshdOptions {
  /** Further lines for sshd_config. */
  readonly config?: readonly string[];
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  /** The private key of an authority that certifies the host keys, for 127.0.0.1; made where it is not there. */
  readonly hostAuthority?: string;
  /** Logins have the home of their user, with its start files; else the server's folder. */
  readonly ownHomes?: boolean;
  /** Wraps the listener, e.g. `['unshare', '-m', ...]`. */
  readonly wrap?: readonly string[];
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  if (SSHD === undefined) throw new Error('no sshd found: install openssh-server');
  const dir = mkdtempSync(join(tmpdir(), 'runbook-sshd-'));
  const port = await freePort();
  const identityFile = join(dir, 'id_ed25519');
  keygen(identityFile, 'ed25519');
  const types = options.hostKeyTypes ?? ['ed25519'];
  for (const type of types) keygen(join(dir, `host_${type}`), type);
  const { hostAuthority } = options;
  if (hostAuthority !== undefined) {
    if (!existsSync(hostAuthority)) keygen(hostAuthority, 'ed25519');
    for (const type of types) certify(hostAuthority, join(dir, `host_${type}.pub`), ['-h', '-n', '127.0.0.1']);
  }
  writeFileSync(join(dir, 'authorized_keys'), readFileSync(`${identityFile}.pub`), { mode: 0o600 });
  const knownHosts = join(dir, 'known_hosts');
  const lines = types.map((type) => `[127.0.0.1]:${port} ${publicKey(join(dir, `host_${type}.pub`))}\n`);
  writeFileSync(knownHosts, lines.join(''));
  const certificates =
    hostAuthority === undefined ? [] : types.map((type) => `HostCertificate ${dir}/host_${type}-cert.pub`);
  // The start files of this machine's user may take seconds, and belong to no test.
  const home = options.ownHomes ? [] : [`SetEnv HOME=${dir}`];
  const further = [...(options.config ?? []), ...home, ...certificates];
  writeFileSync(join(dir, 'sshd_config'), config(dir, port, types, further));
  // As root, sshd separates privileges in this folder, which a package's start script would make.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const command = [...(options.wrap ?? []), SSHD, '-D', '-e', '-f', join(dir, 'sshd_config')];
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  const log = await listening(child, dir);
  const user = userInfo().username;
  return {
    port,
    user,
    dir,
    identityFile,
    knownHosts,
    target: (changes) => ({ ...target(port, user, identityFile, knownHosts), ...changes }),
    get logins() {
      return log().match(/^Accepted \S+ for /gm)?.length ?? 0;
    },
    sessionPids: () => descendants(child.pid ?? -1),
    dropSessions: () => descendants(child.pid ?? -1).forEach((pid) => kill(pid, 'SIGKILL')),
    stop: () => stop(child, dir),
  };
}

function target(port: number, user: string, identityFile: string, knownHosts: string): Target {
  return {
    name: 'node-1',
    host: '127.0.0.1',
    port,
    user,
    identityFiles: [identityFile],
    knownHosts: [knownHosts],
    hostKeyChecking: 'strict',
    jump: [],
    become: { method: 'none' },
    connectTimeout: 30_000,
    keepaliveInterval: 15_000,
  };
}

function config(dir: string, port: number, types: readonly string[], further: readonly string[]): string {
  return [
    ...further,
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...types.map((type) => `HostKey ${join(dir, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    `UsePAM ${needsPam() ? 'yes' : 'no'}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'AllowTcpForwarding yes',
    'LogLevel VERBOSE',
    '',
  ].join('\n');
}

/** Without PAM, a root sshd refuses an account whose password is locked, as that of root is in cloud images. */
function needsPam(): boolean {
  if (process.getuid?.() !== 0) return false;
  return readFileSync('/etc/shadow', 'utf8')
    .split('\n')
    .some((line) => line.startsWith(`${userInfo().username}:!`));
}

/** @returns what it has logged so far */
async function listening(child: ChildProcess, dir: string): Promise<() => string> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('Server listening')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`sshd did not start: ${log}`)));
  }).catch((error: unknown) => {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  return () => log;
}

async function stop(child: ChildProcess, dir: string): Promise<void> {
  const sessions = descendants(child.pid ?? -1);
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  }
  sessions.forEach((pid) => kill(pid, 'SIGKILL'));
  rmSync(dir, { recursive: true, force: true });
}

/** Of a process that may have ended by itself since it was seen. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** sshd processes below the listener; what runs in the sessions is not among them. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(entry);
    if (stat?.name.startsWith('sshd')) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(entry)]);
  }
  const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(root);
}

function statOf(pid: string): { readonly name: string; readonly parent: number } | undefined {
  try {
    const [, name, parent] = /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return name === undefined ? undefined : { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** A key pair by ssh-keygen. */
export function keygen(file: string, type: 'ed25519' | 'ecdsa' | 'rsa', passphrase = ''): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file]);
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr.toString()}`);
}

/** A certificate beside a public key, by the authority's private key. */
export function certify(authority: string, publicKey: string, options: readonly string[]): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-s', authority, '-I', 'test', ...options, publicKey]);
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr.toString()}`);
}

/** `ssh-ed25519 AAAA...` of a .pub file. */
export function publicKey(file: string): string {
  return readFileSync(file, 'utf8').split(' ').slice(0, 2).join(' ').trim();
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Whether something accepts connections there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
