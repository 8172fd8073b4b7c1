import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { AuthContext } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { ConnectFailure, Target } from '../../src/transport/transport.ts';
import { haveSshd, keygen } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';

const asked: string[] = [];
function transport(secret: string): Ssh2Transport {
  asked.length = 0;
  return new Ssh2Transport({
    readSecret: async (source, question) => {
      asked.push(`${source}: ${question}`);
      return secret;
    },
  });
}
async function hello(target: Target, secret = ''): Promise<string> {
  const session = await transport(secret).connect(target);
  const { stdout } = await session.exec('echo hello');
  await session.close();
  return stdout.toString();
}
async function refusal(target: Target, secret = ''): Promise<string> {
  const failure = (await hello(target, secret).catch((error: unknown) => error)) as ConnectFailure;
  expect(failure).toMatchObject({ name: 'ConnectFailure', reason: 'authentication' });
  return [failure.message, ...failure.detail].join('\n');
}

describe.skipIf(!haveSshd)('login by keys at a real OpenSSH server', () => {
  const sshd = useSshd();
  const file = (name: string): string => join(sshd().dir, name);
  const authorize = (name: string): void => appendFileSync(file('authorized_keys'), readFileSync(`${file(name)}.pub`));
  beforeAll(() => {
    keygen(file('stranger'), 'ed25519');
    keygen(file('encrypted'), 'ed25519', 'open sesame');
    keygen(file('rsa'), 'rsa');
    for (const name of ['encrypted', 'rsa']) authorize(name);
  });

  test('the second of several keys is taken where the first is refused', async () => {
    expect(await hello(sshd().target({ identityFiles: [file('stranger'), file('rsa')] }))).toBe('hello\n');
  });

  test('an encrypted key is opened by its passphrase, once per process', async () => {
    const target = sshd().target({ identityFiles: [file('encrypted')], passphrase: 'prompt' });
    expect(await hello(target, 'open sesame')).toBe('hello\n');
    expect(asked).toEqual([`prompt: Passphrase of ${file('encrypted')}`]);
    expect(await hello(target, 'open sesame')).toBe('hello\n');
    expect(asked).toEqual([]);
  });

  test('an encrypted key that cannot be opened says why', async () => {
    const target = sshd().target({ identityFiles: [file('encrypted')] });
    expect(await refusal(target)).toContain('encrypted: is encrypted and no passphraseFrom');
    const wrong = await refusal({ ...target, passphrase: 'env:WRONG' }, 'sesame');
    expect(wrong).toContain('the passphrase from env:WRONG does not open it');
    expect(wrong).not.toContain('open sesame');
  });

  test('a passphrase is not asked for where a key before it logs in', async () => {
    const target = sshd().target({ identityFiles: [file('rsa'), file('encrypted')], passphrase: 'env:LATER' });
    expect(await hello(target, 'unused')).toBe('hello\n');
    expect(asked).toEqual([]);
  });

  describe('with an agent', () => {
    let agent: ReturnType<typeof spawn>;
    beforeAll(async () => {
      agent = spawn('ssh-agent', ['-D', '-a', file('agent')], { stdio: 'ignore' });
      const add = (key: string): number | null => {
        const env = {
          ...process.env,
          SSH_AUTH_SOCK: file('agent'),
          SSH_ASKPASS_REQUIRE: 'force',
          SSH_ASKPASS: file('askpass'),
        };
        return spawnSync('ssh-add', [file(key)], { env, stdio: 'ignore' }).status;
      };
      appendFileSync(file('askpass'), "#!/bin/sh\necho 'open sesame'\n", { mode: 0o755 });
      while (!existsSync(file('agent'))) await new Promise((resolve) => setImmediate(resolve));
      for (const key of ['stranger', 'encrypted']) expect(add(key)).toBe(0);
    });
    afterAll(() => agent.kill());

    test('a key of the agent logs in, after others were refused', async () => {
      expect(await hello(sshd().target({ identityFiles: [], agentSocket: file('agent') }))).toBe('hello\n');
    });

    test('an encrypted file that the agent holds needs no passphrase', async () => {
      const target = sshd().target({
        identityFiles: [file('encrypted')],
        agentSocket: file('agent'),
        passphrase: 'file:/nowhere/passphrase',
      });
      expect(await hello(target)).toBe('hello\n');
      expect(asked).toEqual([]);
    });

    test('an agent that does not answer is only a note', async () => {
      const target = sshd().target({ agentSocket: file('no-agent') });
      expect(await hello(target)).toBe('hello\n');
      expect(await refusal({ ...target, identityFiles: [] })).toContain('agent: ');
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
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec) => {
          const channel = acceptExec();
          channel.write('hello\n');
          channel.exit(0);
          channel.end();
        });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(async () => new Promise((resolve) => server.close(resolve)));

  function authenticate(context: AuthContext): void {
    const allowed = methods.filter((method) => method === 'password' || method === 'keyboard-interactive');
    if (context.method === 'password' && methods.includes('password') && context.password === 'right') context.accept();
    else if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive')) {
      const prompts = [
        { prompt: 'Password: ', echo: false },
        { prompt: 'Your name: ', echo: true },
      ];
      context.prompt(prompts, (answers) => {
        if (answers[0] === 'right' && answers[1] === '') context.accept();
        else context.reject(allowed);
      });
    } else context.reject(allowed);
  }
  const target = (): Target => ({
    name: 'cp-1',
    host: '127.0.0.1',
    port,
    user: 'ops',
    identityFiles: [],
    password: 'prompt',
    knownHosts: [],
    hostKeyChecking: 'off',
    jump: [],
    become: { method: 'none' },
    connectTimeout: 5000,
    keepaliveInterval: 15_000,
  });

  test.each([[['password']], [['keyboard-interactive']]])('by %s', async (offered) => {
    methods = offered;
    expect(await hello(target(), 'right')).toBe('hello\n');
    expect(asked[0]).toBe('prompt: SSH password of ops');
  });

  test('a wrong password is refused, and not shown', async () => {
    methods = ['password', 'keyboard-interactive'];
    const text = await refusal(target(), 'wr0ng-one');
    expect(text).toContain('tried as ops: password (prompt), keyboard-interactive (prompt)');
    expect(text).not.toContain('wr0ng-one');
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
    const slow = new Ssh2Transport({
      readSecret: () => new Promise((resolve) => setTimeout(() => resolve('right'), 400)),
    });
    const session = await slow.connect({ ...target(), connectTimeout: 300 });
    await session.close();
  });
});
