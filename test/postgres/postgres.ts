import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../sshd/sshd.ts';

/** Where Debian has its programs; else those on the PATH. */
const DEBIAN = '/usr/lib/postgresql';
const BIN = existsSync(DEBIAN)
  ? readdirSync(DEBIAN)
      .toSorted((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN, version, 'bin'))
      .find((folder) => existsSync(join(folder, 'postgres')))
  : undefined;

/** Whether tests against a real PostgreSQL can run here. In CI they must. */
export const havePostgres = BIN !== undefined || process.env['CI'] !== undefined;

/** A role without any right beyond its own database, as docs/fleet.md creates it. */
const ROLE = 'runbook';
const DATABASE = 'runbook';

/** A real PostgreSQL on loopback, with a data folder of its own. */
export interface Postgres {
  readonly port: number;
  /** Of the role that owns the database, without its password; `port`: of a proxy. */
  url(port?: number): string;
  /** Of that role. */
  readonly password: string;
  /** Runs one of its programs as the superuser, and returns what it prints. */
  run(program: string, args: readonly string[]): string;
  /** Ends it with all its connections, and starts it again. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to run as root. */
function account(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export async function startPostgres(): Promise<Postgres> {
  if (BIN === undefined) throw new Error('no PostgreSQL found: install postgresql');
  const as = account();
  const dir = mkdtempSync(join(tmpdir(), 'runbook-pg-'));
  const data = join(dir, 'data');
  mkdirSync(data, { mode: 0o700 });
  const secrets = join(dir, 'superuser');
  const [superuser, password] = ['of-the-superuser', 'of-the-runbook-role'];
  writeFileSync(secrets, superuser, { mode: 0o600 });
  if (as) for (const path of [dir, data, secrets]) chownSync(path, as.uid, as.gid);
  const options = { ...as, cwd: dir, env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' } };
  const program = (name: string): string => join(BIN, name);
  const init = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${secrets}`, '--no-sync', '-E', 'UTF8'];
  execFileSync(program('initdb'), init, { ...options, stdio: 'ignore' });
  const port = await freePort();
  const run = (name: string, args: readonly string[]): string =>
    execFileSync(program(name), [...args], {
      ...options,
      env: { ...options.env, PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres', PGPASSWORD: superuser },
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    });
  const start = async (): Promise<ChildProcess> => {
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      'unix_socket_directories=',
      // The machine does not stop in a test: what the kernel has is enough.
      'fsync=off',
      'shared_buffers=16MB',
    ];
    const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
    const server = spawn(program('postgres'), args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
    await listening(server);
    return server;
  };
  let server = await start();
  run('psql', ['-q', '-d', 'postgres', '-c', `CREATE ROLE ${ROLE} LOGIN PASSWORD '${password}'`]);
  run('psql', ['-q', '-d', 'postgres', '-c', `CREATE DATABASE ${DATABASE} OWNER ${ROLE}`]);
  return {
    port,
    password,
    url: (at = port) => `postgres://${ROLE}@127.0.0.1:${at}/${DATABASE}`,
    run,
    restart: async () => {
      await end(server);
      server = await start();
    },
    stop: async () => {
      await end(server);
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Resolves once it takes connections. */
function listening(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`postgres ended with ${code}: ${log}`)));
  });
}

/** A fast shutdown: what is under way is rolled back, every connection is cut. */
async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await ended;
}
