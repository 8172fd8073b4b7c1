import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Failure } from '../../src/failure.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Target } from '../../src/transport/transport.ts';
import { asked, hello, refusal } from './login.ts';
import { someTarget } from './some-target.ts';

/** A server's login shell. */
function runCommands(client: Connection): void {
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      const { stdout, stderr, status } = spawnSync('sh', ['-c', command]);
      channel.write(stdout);
      channel.stderr.write(stderr);
      channel.exit(status ?? 1);
      channel.end();
    });
  });
}

describe('login by a key and a code', () => {
  const { private: hostKey } = ssh2.utils.generateKeyPairSync('ed25519');
  const key = ssh2.utils.generateKeyPairSync('ed25519');
  const folder = mkdtempSync(join(tmpdir(), 'runbook-2fa-'));
  const identity = join(folder, 'id');
  let server: ssh2.Server;
  beforeAll(async () => {
    writeFileSync(identity, key.private, { mode: 0o600 });
    server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      let hasKey = false;
      client.on('error', () => undefined);
      client.on('authentication', (context) => {
        if (context.method === 'publickey' && !hasKey) {
          const known = ssh2.utils.parseKey(key.public);
          if (known instanceof Error || !context.key.data.equals(known.getPublicSSH()))
            return context.reject(['publickey']);
          if (context.signature === undefined) return context.accept();
          hasKey = true;
          return context.reject(['keyboard-interactive'], true);
        }
        if (context.method !== 'keyboard-interactive' || !hasKey)
          return context.reject(hasKey ? ['keyboard-interactive'] : ['publickey']);
        return context.prompt([{ prompt: 'Verification \u001b[2Jcode:', echo: false }], 'Two steps', (answers) => {
          if (answers[0] === '123456') context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
      runCommands(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await new Promise((resolve) => server.close(resolve));
  });
  const target = (): Target => ({
    ...someTarget,
    port: (server.address() as { port: number }).port,
    identityFiles: [identity],
    hostKeyChecking: 'off',
  });

  test('asks the operator for the code, in words that cannot move the cursor', async () => {
    expect(await hello(target(), '', '123456')).toBe('hello\n');
    expect(asked).toEqual(['hidden: cp-1: Two steps Verification code']);
  });

  test('never takes the password for the code', async () => {
    expect(await hello({ ...target(), password: 'env:PASSWORD' }, 'a password', '123456')).toBe('hello\n');
    expect(asked).toEqual(['hidden: cp-1: Two steps Verification code']);
  });

  test('says what was accepted where the code is wrong', async () => {
    expect(await refusal(target(), '', '000000')).toContain(`the node accepted ${identity}, and wants more`);
  });

  test('quotes the question where there is no terminal', async () => {
    const failing = new Ssh2Transport({
      ask: () => Promise.reject(new Failure('unreachable', 'cannot ask for "code": there is no terminal')),
    }).connect(target());
    await expect(failing).rejects.toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining('"code"'),
    });
  });
});

describe('login by password', () => {
  const hostKey = ssh2.utils.generateKeyPairSync('ed25519').private;
  let methods: readonly string[] = [];
  let server: ssh2.Server;
  let port = 0;
  beforeAll(async () => {
    server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (context) => authenticate(context));
      runCommands(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(async () => new Promise((resolve) => server.close(resolve)));

  const sent: string[] = [];
  function authenticate(context: AuthContext): void {
    if (context.method === 'password') sent.push(context.username);
    const allowed = methods.filter((method) => method === 'password' || method === 'keyboard-interactive');
    if (context.method === 'password' && methods.includes('password') && context.password === 'right') context.accept();
    else if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive')) {
      const prompts = [
        { prompt: 'Password: ', echo: false },
        { prompt: 'Your name: ', echo: true },
      ];
      context.prompt(prompts, (answers) => {
        if (answers[0] === 'right' && answers[1] === 'me') context.accept();
        else context.reject(allowed);
      });
    } else context.reject(allowed);
  }
  const target = (): Target => ({
    ...someTarget,
    port,
    password: 'prompt',
    hostKeyChecking: 'off',
  });

  test.each([[['password']], [['keyboard-interactive']]])('by %s', async (offered) => {
    methods = offered;
    expect(await hello(target(), 'right', 'me')).toBe('hello\n');
    expect(asked[0]).toBe('prompt: SSH password of ops');
    expect(asked.includes('shown: cp-1: Your name')).toBe(offered[0] !== 'password');
  });

  test('a wrong password is refused, and not shown', async () => {
    methods = ['password', 'keyboard-interactive'];
    const text = await refusal(target(), 'wr0ng-one');
    expect(text).toContain('tried as ops: password (prompt)\n');
    expect(text).toContain('keyboard-interactive (prompt): this password was refused, it is not sent again');
    expect(text).not.toContain('wr0ng-one');
  });

  test('a refused password is not sent again by this process, one for another user is', async () => {
    methods = ['password'];
    sent.length = 0;
    const transport = new Ssh2Transport({ readSecret: async () => 'wrong' });
    for (const user of ['ops', 'ops', 'other'])
      await expect(transport.connect({ ...target(), user })).rejects.toMatchObject({ reason: 'authentication' });
    expect(sent).toEqual(['ops', 'other']);
  });

  test('a password that cannot be read is told instead of a hanging login', async () => {
    methods = ['password'];
    const failing = new Ssh2Transport().connect({ ...target(), password: 'env:RUNBOOK_NO_SUCH' });
    await expect(failing).rejects.toMatchObject({
      reason: 'authentication',
      message: expect.stringContaining('no secret from env:RUNBOOK_NO_SUCH: the variable is not set'),
    });
  });

  test('the time limit stands still while somebody types', async () => {
    methods = ['password'];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const slow = new Ssh2Transport({
      readSecret: async () => {
        await vi.advanceTimersByTimeAsync(6000);
        return 'right';
      },
    });
    const session = await slow.connect({ ...target(), connectTimeout: 5000 });
    await session.close();
  });
});
