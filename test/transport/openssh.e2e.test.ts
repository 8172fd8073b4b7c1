import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { TransportByLogin } from '../../src/transport/by-login.ts';
import { OpensshTransport } from '../../src/transport/openssh.ts';
import { connectAll } from '../../src/transport/pool.ts';
import type { Channel, ConnectFailure, Login, Session, Target, Transport } from '../../src/transport/transport.ts';
import { startProxy } from '../sshd/proxy.ts';
import { certify, freePort, haveSshd, keygen, publicKey } from '../sshd/sshd.ts';
import { contract } from './contract.ts';
import { useSshd } from './use-sshd.ts';

const home = mkdtempSync(join(tmpdir(), 'runbook-home-'));
mkdirSync(join(home, '.ssh'), { mode: 0o700 });
beforeAll(() => void vi.stubEnv('HOME', home));
afterEach(() => rmSync(join(home, '.ssh', 'config'), { force: true }));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

/** In place of that of the account, which is whose tests run. */
const CONFIG = { configFiles: [join(home, '.ssh', 'config')] };
const config = (...lines: string[]): void => writeFileSync(join(home, '.ssh', 'config'), `${lines.join('\n')}\n`);

async function failureOf(target: Target, transport: Transport = new OpensshTransport()): Promise<ConnectFailure> {
  return (await transport.connect(target).then(
    async (session) => session.close(),
    (error: unknown) => error,
  )) as ConnectFailure;
}

/** What a login prints, and the reasons for which it went by OpenSSH. */
async function hello(target: Target): Promise<{ printed: string; reasons: string[] }> {
  const reasons: string[] = [];
  const transport = new TransportByLogin({ onOpenssh: (_, reason) => reasons.push(reason) });
  const session = await transport.connect(target);
  const { stdout } = await session.exec('echo hello');
  await session.close();
  return { printed: stdout.toString(), reasons };
}

/** Processes whose command line names a folder of a connection, by pid. */
function processesOf(folder: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (words.some((word) => word.startsWith(folder))) found.set(Number(pid), words[0] ?? '');
    } catch {
      // it ended meanwhile
    }
  }
  return found;
}

/** A command that lives until it is ended, whoever still reads it, and its pid, which it has printed. */
async function lasting(session: Session): Promise<{ channel: Channel; pid: number }> {
  const channel = await session.open('echo $$; exec sleep 600');
  channel.stderr.resume();
  const pid = await new Promise<number>((resolve) => {
    channel.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
  });
  channel.stdout.resume();
  return { channel, pid };
}

const folders = (): Set<string> => new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('runbook-ssh-')));

describe.skipIf(!haveSshd)('OpenSSH against a real server', () => {
  const sshd = useSshd();
  describe('alone', () => contract(() => new OpensshTransport().connect(sshd().target())));

  test('leaves no process and no folder, and no secret in either', async () => {
    const before = folders();
    const session = await new OpensshTransport().connect(sshd().target());
    const [name] = [...folders()].filter((one) => !before.has(one));
    const folder = join(tmpdir(), name ?? 'none');
    expect(processesOf(folder).size).toBeGreaterThan(0);
    await session.close();
    expect(existsSync(folder)).toBe(false);
    expect([...processesOf(folder)]).toEqual([]);
  });

  test('a master that is killed loses the command, which is never read as success', async () => {
    const before = folders();
    const session = await new OpensshTransport().connect(sshd().target());
    const folder = join(tmpdir(), [...folders()].find((one) => !before.has(one)) ?? 'none');
    const { channel, pid } = await lasting(session);
    const master = [...processesOf(join(folder, 'config'))].find(([, program]) => program === 'ssh');
    process.kill(master?.[0] ?? 0, 'SIGKILL');
    expect(await channel.exit).toMatchObject({ kind: 'lost' });
    expect(await session.closed).toEqual(expect.any(String));
    await expect(session.exec('true')).rejects.toMatchObject({ name: 'ConnectionLost', target: 'node-1' });
    process.kill(pid);
    await session.close();
    expect(existsSync(folder)).toBe(false);
  });

  test('a server process that dies loses the command', async () => {
    const session = await new OpensshTransport().connect(sshd().target());
    const { channel, pid } = await lasting(session);
    sshd().dropSessions();
    expect(await channel.exit).toMatchObject({ kind: 'lost' });
    process.kill(pid);
    expect(await session.closed).toMatch(/closed|reset|disconnect/i);
    await session.close();
  });

  test('a silent link is noticed by keepalives, and a black hole within the connect time limit', async () => {
    const proxy = await startProxy(sshd().port);
    const through = { port: proxy.port, hostKeyChecking: 'off' } as const;
    const session = await new OpensshTransport().connect(
      sshd().target({ ...through, keepaliveInterval: 1000, keepaliveCountMax: 1 }),
    );
    proxy.blackHole();
    expect(await session.closed).toContain('no longer answers');
    await session.close();
    const failure = await failureOf(sshd().target({ ...through, connectTimeout: 1000 }));
    expect(failure).toMatchObject({ name: 'ConnectFailure', reason: 'timeout' });
    await proxy.stop();
  });

  describe('refuses with a reason and the words of ssh', () => {
    test('where nothing listens', async () => {
      const port = await freePort();
      expect(await failureOf(sshd().target({ port }))).toMatchObject({
        reason: 'unreachable',
        message: `node-1 (127.0.0.1:${port}): connection refused`,
      });
    });

    test('a key that is not known, one that has changed, and takes a new one where it may', async () => {
      const file = join(sshd().dir, 'other_hosts');
      writeFileSync(file, '');
      const target = sshd().target({ knownHosts: [file] });
      expect(await failureOf(target)).toMatchObject({ reason: 'host-key-unknown' });
      expect((await hello({ ...target, transport: 'openssh', hostKeyChecking: 'accept-new' })).printed).toBe('hello\n');
      expect(readFileSync(file, 'utf8')).toContain('ssh-ed25519');
      keygen(join(sshd().dir, 'another'), 'ed25519');
      writeFileSync(file, `[127.0.0.1]:${sshd().port} ${publicKey(join(sshd().dir, 'another.pub'))}\n`);
      const changed = await failureOf({ ...target, hostKeyChecking: 'accept-new' });
      expect(changed).toMatchObject({ reason: 'host-key-changed' });
      expect(changed.detail.join('\n')).toContain(`-f ${file}`);
    });

    test('the known_hosts of the operator where the inventory names another', async () => {
      writeFileSync(join(home, '.ssh', 'known_hosts'), readFileSync(sshd().knownHosts));
      config(
        'StrictHostKeyChecking no',
        'UserKnownHostsFile ~/.ssh/known_hosts',
        'ProxyCommand false',
        'RemoteCommand id',
      );
      const file = join(sshd().dir, 'empty_hosts');
      writeFileSync(file, '');
      expect(await failureOf(sshd().target({ ...CONFIG, knownHosts: [file] }))).toMatchObject({
        reason: 'host-key-unknown',
      });
    });

    test('a key that the node does not take', async () => {
      const file = join(sshd().dir, 'stranger');
      keygen(file, 'ed25519');
      const failure = await failureOf(sshd().target({ identityFiles: [file] }));
      expect(failure).toMatchObject({ reason: 'authentication' });
      expect(failure.detail.join('\n')).toContain('Permission denied');
    });
  });

  test('a passphrase is given when ssh asks, and is in no argument, variable or file', async () => {
    const file = join(sshd().dir, 'encrypted');
    keygen(file, 'ed25519', 'open sesame');
    appendFileSync(join(sshd().dir, 'authorized_keys'), readFileSync(`${file}.pub`));
    const before = folders();
    const seen: string[] = [];
    const transport = new OpensshTransport({
      readSecret: async (source, question) => {
        const folder = join(tmpdir(), [...folders()].find((one) => !before.has(one)) ?? 'none');
        for (const pid of processesOf(folder).keys()) {
          seen.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), readFileSync(`/proc/${pid}/environ`, 'utf8'));
        }
        for (const name of ['config', 'askpass']) seen.push(readFileSync(join(folder, name), 'utf8'));
        expect([source, question]).toEqual(['env:PASSPHRASE', `Passphrase of ${file}`]);
        return 'open sesame';
      },
    });
    const target = sshd().target({ identityFiles: [file], passphrase: 'env:PASSPHRASE' });
    const session = await transport.connect(target);
    await session.close();
    expect(seen.length).toBeGreaterThan(4);
    expect(seen.join('\n')).not.toContain('sesame');
    const failure = await failureOf(sshd().target({ identityFiles: [file] }));
    expect(failure.detail).toContain(`${file}: is encrypted, and no passphraseFrom is given`);
  });
});

describe.skipIf(!haveSshd)('OpenSSH is chosen without being asked for', () => {
  const plain = useSshd();
  test('and not for a login that ssh2 can do', async () => {
    expect(await hello(plain().target())).toEqual({ printed: 'hello\n', reasons: [] });
  });

  describe('by a certificate', () => {
    const authority = join(home, 'user_ca');
    const sshd = useSshd({ config: [`TrustedUserCAKeys ${authority}.pub`, 'AuthorizedPrincipalsFile none'] });
    test('beside the key, which the node does not know otherwise', async () => {
      keygen(authority, 'ed25519');
      const key = join(home, 'id');
      keygen(key, 'ed25519');
      certify(authority, `${key}.pub`, ['-n', sshd().user]);
      const target = sshd().target({ identityFiles: [key] });
      expect(await hello(target)).toEqual({ printed: 'hello\n', reasons: ['id-cert.pub is a certificate'] });
      const failure = await failureOf({ ...target, transport: 'ssh2' }, new TransportByLogin());
      expect(failure.detail.join('\n')).toContain(
        'id-cert.pub: is a certificate, which ssh2 cannot use: set ssh.transport',
      );
    });
  });

  describe('by a host certificate', () => {
    const authority = join(home, 'host_ca');
    const sshd = useSshd({ hostAuthority: authority });
    test('of an authority that known_hosts trusts, where it has no plain key', async () => {
      const file = join(home, 'authorities');
      writeFileSync(file, `@cert-authority *.example.com,[127.0.0.1]:* ${publicKey(`${authority}.pub`)}\n`);
      const reasons = [`${file}:1 trusts its host key by a certificate authority`];
      expect(await hello(sshd().target({ knownHosts: [file] }))).toEqual({ printed: 'hello\n', reasons });
      expect((await hello(sshd().target({ knownHosts: [file, sshd().knownHosts] }))).reasons).toEqual([]);
      expect(await failureOf(plain().target({ knownHosts: [file] }))).toMatchObject({ reason: 'host-key-unknown' });
    });
  });

  describe('by an old key exchange', () => {
    const sshd = useSshd({ config: ['KexAlgorithms diffie-hellman-group14-sha1'] });
    test('that the operator allows for this host', async () => {
      config(`Match host 127.0.0.1`, '  KexAlgorithms +diffie-hellman-group14-sha1');
      expect(await hello(sshd().target(CONFIG))).toEqual({
        printed: 'hello\n',
        reasons: ['your ssh_config adds diffie-hellman-group14-sha1 (KexAlgorithms)'],
      });
      expect(await failureOf(sshd().target({ configFiles: [] }))).toMatchObject({ reason: 'protocol' });
      const other = join(home, 'other_config');
      renameSync(join(home, '.ssh', 'config'), other);
      expect(await failureOf(sshd().target(CONFIG))).toMatchObject({ reason: 'protocol' });
      expect((await hello(sshd().target({ configFiles: [other] }))).printed).toBe('hello\n');
      writeFileSync(other, 'Host named\n  KexAlgorithms +diffie-hellman-group14-sha1\n');
      const named = sshd().target({ configFiles: [other], configName: 'named' });
      expect((await hello(named)).printed).toBe('hello\n');
    });
  });
});

describe.skipIf(!haveSshd)('OpenSSH through jump hosts', () => {
  const first = useSshd();
  const second = useSshd();
  const node = useSshd();
  const login = (sshd: typeof first, port = sshd().port): Login => {
    const { name: _name, jump: _jump, become: _become, ...rest } = sshd().target({ port });
    return rest;
  };

  test('each hop has its own key and known_hosts; many nodes share their logins', async () => {
    const proxy = await startProxy(first().port);
    const jump = [{ ...login(first, proxy.port), hostKeyChecking: 'off' } as const, login(second)];
    const targets = ['a', 'b', 'c'].map((name) => node().target({ name, jump }));
    const { sessions, failures } = await connectAll(targets, new OpensshTransport());
    expect(failures).toEqual([]);
    expect(proxy.connections).toBe(1);
    const open = [...sessions.values()];
    expect((await open[0]?.exec('echo hi'))?.stdout.toString()).toBe('hi\n');
    proxy.cut();
    for (const session of open) expect(await session.closed).toEqual(expect.any(String));
    await Promise.all(open.map(async (session) => session.close()));
    await proxy.stop();
  });

  test('the hop that fails is named, and a node that the last one cannot reach', async () => {
    const wrong = node().target({ jump: [login(first), { ...login(second), identityFiles: [node().identityFile] }] });
    expect(await failureOf(wrong)).toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining(`jump host ${second().user}@127.0.0.1:${second().port}`),
    });
    const port = await freePort();
    expect(await failureOf(node().target({ port, jump: [login(first)] }))).toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(`127.0.0.1:${port} .*could not reach it`),
    });
  });
});
