import { spawnSync } from 'node:child_process';
import ssh2 from 'ssh2';
import type { AuthContext } from 'ssh2';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Target } from '../../src/transport/transport.ts';
import { asked, hello, refusal } from './login.ts';

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
        accept().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          const { stdout, stderr, status } = spawnSync('sh', ['-c', command]);
          channel.write(stdout);
          channel.stderr.write(stderr);
          channel.exit(status ?? 1);
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
