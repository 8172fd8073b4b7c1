import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
  readdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { execa } from 'execa';
import { haveSshd, startSshd, type Sshd } from '../sshd/sshd.ts';
import { must, User } from './users.ts';

const isRoot = process.getuid?.() === 0;
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const CLI = new URL('../../dist/cli.js', import.meta.url).pathname;
const MARKER = `servers-${process.pid}`;

interface Row {
  readonly title: string;
  /** A program that the row needs. */
  readonly needs?: string;
  /** Makes the user what the row is about. */
  readonly make: (user: User, place: Place) => void;
  readonly ssh?: Readonly<Record<string, unknown>>;
  readonly become?: Readonly<Record<string, unknown>>;
  readonly remoteDir?: string;
  readonly server?: 'main' | 'closed';
  readonly through?: 'bastion';
  readonly env?: Readonly<Record<string, string>>;
  readonly code: 0 | 5;
  /** The layer, what the node printed, and the advice. */
  readonly shows: readonly RegExp[];
  readonly afterwards?: (user: User, place: Place) => void;
}

/** What the rows share: a folder that every user may enter. */
interface Place {
  readonly dir: string;
  readonly keys: string;
}

const SECOND = { connectTimeout: '6s' };

const rows: readonly Row[] = [
  {
    title: '.bashrc prints a line, no newline, words of ours and 3 MB, on both streams',
    make: (user) =>
      user.bashrc(
        `n() { echo noise; printf 'hello 1 0 boot\\nheld 7 7\\n'; head -c 3000000 /dev/zero | tr '\\0' x; }; n; n >&2; trap 'echo bye; exit 9' EXIT`,
      ),
    code: 0,
    shows: [],
  },
  {
    title: '.bashrc exits 7',
    make: (user) => user.bashrc('echo "leaving early"; exit 7'),
    code: 5,
    shows: [/login shell of \S+ ended without running a command \(exit 7\)/, /leaving early/, /\.bashrc/],
  },
  {
    title: '.bashrc execs fish',
    needs: 'fish',
    make: (user) => user.bashrc('exec fish'),
    ssh: SECOND,
    code: 5,
    shows: [/login shell of \S+ ran no command within 6 s \(ssh\.connectTimeout\)/, /\.bashrc/],
  },
  {
    title: 'fish is the login shell',
    needs: 'fish',
    make: (user) => must('usermod', '-s', '/usr/bin/fish', user.name),
    code: 0,
    shows: [],
  },
  {
    title: '.bashrc sleeps',
    make: (user) => user.bashrc('echo "one moment"; sleep 15'),
    ssh: SECOND,
    code: 5,
    shows: [/login shell of \S+ ran no command within 6 s/, /one moment/],
  },
  {
    title: '.bashrc takes sh out of the PATH',
    make: (user) => user.bashrc('PATH=/nowhere'),
    code: 5,
    shows: [/login shell of \S+ finds no sh/, /sh: .*(not found|No such file)/, /PATH/],
  },
  {
    title: 'a forced command',
    make: (user, { keys }) => {
      const file = join(keys, user.name);
      writeFileSync(file, `command="echo Please login as x; sleep 10; exit 142" ${readFileSync(file, 'utf8')}`);
    },
    ssh: SECOND,
    code: 5,
    shows: [/login shell of \S+ ran no command within 6 s/, /Please login as x/, /command= in authorized_keys/],
  },
  {
    title: 'an expired password',
    make: (user) => must('chage', '-d', '0', user.name),
    code: 5,
    shows: [/the password of \S+ has expired/, /Password change required/, /chage/],
  },
  {
    title: 'an expired account',
    make: (user) => must('chage', '-E', '0', user.name),
    code: 5,
    shows: [/the account or password has expired/, /account has expired/],
  },
  {
    title: 'the shell nologin',
    make: (user) => must('usermod', '-s', '/usr/sbin/nologin', user.name),
    code: 5,
    shows: [/has no login shell there/, /This account is currently not available/, /usermod -s/],
  },
  {
    title: 'a machine that takes no logins (/etc/nologin)',
    make: () => undefined,
    server: 'closed',
    code: 5,
    shows: [/closed during authentication|takes no logins now/, /Down for the move of the racks/],
  },
  {
    title: 'a read-only remoteDir',
    make: () => undefined,
    remoteDir: 'ro/runbook',
    code: 5,
    shows: [/its remoteDir cannot be used/, /Read-only file system/, /set another one in the inventory/],
  },
  {
    title: 'a full remoteDir',
    make: () => undefined,
    remoteDir: 'full/runbook',
    code: 5,
    shows: [/its remoteDir cannot be used/, /No space left on device/],
  },
  { title: 'a noexec remoteDir', make: () => undefined, remoteDir: 'noexec/runbook', code: 0, shows: [] },
  {
    title: 'sudo that wants a password, and none is given',
    needs: 'sudo',
    make: (user) => user.sudoers('USER ALL=(ALL) ALL'),
    become: { method: 'sudo' },
    code: 5,
    shows: [/sudo wants a password/, /a password is required/, /become\.passwordFrom/],
  },
  {
    title: 'sudo with a wrong password: sent once by each command',
    needs: 'sudo',
    make: (user) => user.sudoers(`Defaults:USER logfile=${user.home}/sudo.log\nUSER ALL=(ALL) ALL`),
    become: { method: 'sudo', passwordFrom: 'env:SERVERS_PASSWORD' },
    env: { SERVERS_PASSWORD: 'Wrong-Pass-1' },
    code: 5,
    shows: [/sudo refused the password of \S+ \(from env:SERVERS_PASSWORD\)/, /not sent again/],
    afterwards: (user) => {
      const log = readFileSync(join(user.home, 'sudo.log'), 'utf8').replaceAll(/\n\s+/g, ' ');
      const tries = log.split('\n').filter((line) => line.includes(` ${user.name} : `));
      // plan, preflight and apply: one each, and no sudo beside it.
      expect(tries.map((line) => /: (\d+) incorrect password attempt/.exec(line)?.[1])).toEqual(['1', '1', '1']);
    },
  },
  {
    title: 'sudo with the right password',
    needs: 'sudo',
    make: (user) => user.sudoers('USER ALL=(ALL) ALL'),
    become: { method: 'sudo', passwordFrom: 'env:SERVERS_PASSWORD' },
    env: { SERVERS_PASSWORD: 'Right-Pass-1' },
    code: 0,
    shows: [],
  },
  {
    title: 'a slow sudo has more time than a login',
    needs: 'sudo',
    make: (user) => slowSudo(user, 7),
    ssh: SECOND,
    become: { method: 'sudo' },
    code: 0,
    shows: [],
  },
  {
    title: 'a sudo that does not begin',
    needs: 'sudo',
    make: (user) => slowSudo(user, 60),
    become: { method: 'sudo', timeout: '2s' },
    code: 5,
    shows: [/sudo did not start the command within 2 s \(become\.timeout\)/],
  },
  {
    title: 'doas without a password',
    needs: 'doas',
    make: (user) => user.doas('permit nopass USER as root'),
    become: { method: 'doas' },
    code: 0,
    shows: [],
  },
  {
    title: 'doas that does not allow it',
    needs: 'doas',
    make: (user) => user.doas('permit USER as root'),
    become: { method: 'doas' },
    code: 5,
    shows: [/doas wants a password/, /permit nopass/],
  },
  {
    title: 'su with the password of the other user',
    make: (user, { dir }) => {
      mkdirSync(join(dir, 'su'));
      must('chown', user.name, join(dir, 'su'));
      chmodSync(join(dir, 'su'), 0o777);
    },
    become: { method: 'su', user: 'OTHER', passwordFrom: 'env:SERVERS_PASSWORD' },
    env: { SERVERS_PASSWORD: 'Right-Pass-1' },
    remoteDir: 'su/runbook',
    code: 0,
    shows: [],
  },
  {
    title: 'su with a wrong password',
    make: () => undefined,
    become: { method: 'su', user: 'OTHER', passwordFrom: 'env:SERVERS_PASSWORD' },
    env: { SERVERS_PASSWORD: 'Wrong-Pass-1' },
    code: 5,
    shows: [/su refused the password of \S+ \(from env:SERVERS_PASSWORD\)/, /Authentication failure/],
  },
  {
    title: 'a bastion that forbids forwarding',
    make: () => undefined,
    through: 'bastion',
    code: 5,
    shows: [/the jump host forbids to forward to it/, /AllowTcpForwarding/],
  },
];

/** A sudo ahead of the real one that sleeps, the first time. */
function slowSudo(user: User, seconds: number): void {
  const bin = join(user.home, 'bin');
  mkdirSync(bin);
  const once = seconds < 60 ? `[ -e ${bin}/asked ] || { : >${bin}/asked; sleep ${seconds}; }` : `sleep ${seconds}`;
  writeFileSync(join(bin, 'sudo'), `#!/bin/sh\n${once}\nexec /usr/bin/sudo "$@"\n`, { mode: 0o755 });
  must('chown', '-R', user.name, bin);
  user.bashrc(`PATH=${bin}:$PATH`);
  user.sudoers('USER ALL=(ALL) NOPASSWD: ALL');
}

/** Mounts in a namespace of the server's own, and the name of its PAM service. */
const MOUNTS = `set -e
cd "$1"; shift 2
mkdir -p ro full noexec
mount -t tmpfs -o size=1m,mode=1777 none ro; mount -o remount,ro ro
mount -t tmpfs -o size=64k,mode=1777 none full; dd if=/dev/zero of=full/all bs=4k 2>/dev/null || :
mount -t tmpfs -o size=64m,mode=1777,noexec none noexec
exec /usr/sbin/sshd "$@"`;

describe.skipIf(!haveSshd || !isRoot)('plan, preflight and apply on servers as they are (as root only)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'runbook-servers-'));
  const place: Place = { dir, keys: join(dir, 'keys') };
  const users: User[] = [];
  const servers: Record<string, Sshd> = {};
  const clientKey = join(dir, 'id');
  const service = `sshd-servers-${process.pid}`;

  beforeAll(async () => {
    chmodSync(dir, 0o755);
    mkdirSync(place.keys);
    mkdirSync(join(dir, 'home'));
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', clientKey]);
    for (const index of [...rows.keys(), rows.length]) {
      const user = new User(`rbs${process.pid}x${index}`, join(dir, 'home'));
      users.push(user);
      copyFileSync(`${clientKey}.pub`, join(place.keys, user.name));
      rows[index]?.make(user, place);
    }
    const config = [`AuthorizedKeysFile ${place.keys}/%u`, 'UsePAM yes', 'MaxStartups 100'];
    servers['main'] = await startSshd({
      ownHomes: true,
      config,
      wrap: ['unshare', '-m', 'sh', '-c', MOUNTS, 'mounts', dir],
    });
    servers['bastion'] = await startSshd({ ownHomes: true, config: [...config, 'AllowTcpForwarding no'] });
    // sshd takes its own name for that of its PAM service.
    writeFileSync(join(dir, 'nologin'), 'Down for the move of the racks\n');
    writeFileSync(
      `/etc/pam.d/${service}`,
      `auth required pam_permit.so\naccount required pam_nologin.so file=${dir}/nologin\nsession required pam_permit.so\n`,
    );
    spawnSync('ln', ['-s', '/usr/sbin/sshd', join(dir, service)]);
    servers['closed'] = await startSshd({
      ownHomes: true,
      config,
      wrap: ['sh', '-c', `shift; exec ${dir}/${service} "$@"`, 'closed'],
    });
    const lines = Object.values(servers).map(({ knownHosts }) => readFileSync(knownHosts, 'utf8'));
    writeFileSync(join(dir, 'known_hosts'), lines.join(''));
  });

  afterAll(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    for (const user of users) user.remove();
    rmSync(`/etc/pam.d/${service}`, { force: true });
    rmSync(dir, { recursive: true, force: true });
    for (const name of readdirSync('/root'))
      if (name.startsWith(`.runbook-smoke-${MARKER}`)) rmSync(join('/root', name), { force: true });
  });

  function serverOf(name: string): Sshd {
    const server = servers[name];
    if (!server) throw new Error(`no server ${name}`);
    return server;
  }

  function inventoryOf(row: Row, index: number): string {
    const user = users[index]?.name ?? '';
    const other = users.at(-1)?.name ?? '';
    const server = serverOf(row.server ?? 'main');
    const bastion = serverOf('bastion');
    const inventory = {
      apiVersion: 'runbook/v1',
      kind: 'Inventory',
      cluster: `servers-${index}`,
      ssh: {
        user,
        port: server.port,
        identityFile: clientKey,
        agent: false,
        knownHosts: join(dir, 'known_hosts'),
        connectTimeout: '30s',
        ...row.ssh,
        ...(row.through && { jump: [`${user}@127.0.0.1:${bastion.port}`] }),
      },
      become: { method: 'none', ...row.become, ...(row.become?.['user'] === 'OTHER' && { user: other }) },
      remoteDir: join(dir, row.remoteDir ?? `remote-${index}`),
      nodes: [{ name: 'box', host: '127.0.0.1', role: 'other' }],
    };
    // Without become the folder is the user's.
    if (!row.remoteDir && !row.become) inventory.remoteDir = '~/.runbook';
    const file = join(dir, `inventory-${index}.yaml`);
    writeFileSync(file, JSON.stringify(inventory));
    return file;
  }

  async function cli(row: Row, index: number, command: readonly string[]) {
    const common = ['-i', inventoryOf(row, index), '--state-dir', join(dir, `state-${index}`)];
    const args = [...command, ...common];
    const started = performance.now();
    const { exitCode, all } = await execa(process.execPath, [CLI, ...args], {
      reject: false,
      all: true,
      stdin: 'ignore',
      env: { NO_COLOR: '1', SSH_AUTH_SOCK: '', ...row.env },
    });
    return { code: exitCode, all, seconds: (performance.now() - started) / 1000 };
  }

  for (const [index, row] of rows.entries()) {
    const canRun = row.needs === undefined || has(row.needs) || process.env['CI'] !== undefined;
    test.skipIf(!canRun).concurrent(`${row.title}: exit ${row.code}`, async () => {
      // Rows run side by side, and several become root.
      const smoke = ['smoke.yaml', '--set', `marker=${MARKER}-${index}`];
      const commands = [
        ['plan', ...smoke],
        ...(row.afterwards ? [['preflight', ...smoke]] : []),
        ['apply', ...smoke, '--yes'],
      ];
      for (const command of commands) {
        const { code, all } = await cli(row, index, command);
        expect(`${String(command[0])} ${String(code)}\n${all}`).toMatch(
          new RegExp(`^${String(command[0])} ${row.code}\n`),
        );
        for (const pattern of row.shows) expect(all).toMatch(pattern);
        expect(all).not.toMatch(/\bbug\b|node_modules|\.js:\d+/);
        expect(all).not.toMatch(/Right-Pass|Wrong-Pass/);
      }
      const user = users[index];
      if (user) row.afterwards?.(user, place);
    });
  }
});

describe.skipIf(!isRoot || !haveSshd)('a state folder that cannot be written (as root only)', () => {
  test.concurrent.each([
    [
      'full',
      'mount -t tmpfs -o size=64k none state; dd if=/dev/zero of=state/all bs=4k 2>/dev/null',
      /no space is left/,
    ],
    ['read-only', 'mount -t tmpfs -o ro none state', /read-only|cannot be made/],
  ])('%s: one sentence, exit 1', async (_title, mount, sentence) => {
    const dir = mkdtempSync(join(tmpdir(), 'runbook-servers-'));
    mkdirSync(join(dir, 'state'));
    const node = { name: 'box', host: '127.0.0.1', role: 'other' };
    const inventory = { apiVersion: 'runbook/v1', kind: 'Inventory', cluster: 'state', nodes: [node] };
    const head = 'apiVersion: runbook/v1\nkind: Runbook\nname: here\n';
    const step = `phases: [{ name: one, nodes: all, steps: [{ run: 'true', on: local }] }]\n`;
    writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
    writeFileSync(join(dir, 'here.yaml'), head + step);
    const args = [process.execPath, CLI, 'apply', 'here.yaml', '-i', 'inventory.yaml', '--state-dir', 'state', '--yes'];
    const script = `cd "$1"; shift; ${mount}; exec "$@"`;
    const options = { reject: false, all: true, stdin: 'ignore', env: { NO_COLOR: '1' } } as const;
    const { exitCode, all } = await execa('unshare', ['-m', 'sh', '-c', script, 'state', dir, ...args], options);
    expect(all).toMatch(sentence);
    expect(all).toMatch(/The state folder is state/);
    expect(all).not.toMatch(/\bbug\b/);
    expect(exitCode).toBe(1);
    expect(existsSync(join(dir, 'state'))).toBe(true);
    rmSync(dir, { recursive: true });
  });
});
