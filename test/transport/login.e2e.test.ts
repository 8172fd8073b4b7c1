import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveSshd, keygen } from '../sshd/sshd.ts';
import type { Target } from '../../src/transport/transport.ts';
import { useSshd } from './use-sshd.ts';
import { asked, hello, refusal } from './login.ts';

describe.skipIf(!haveSshd)('login by keys at a real OpenSSH server', () => {
  const sshd = useSshd({ config: ['MaxAuthTries 20'] });
  const strict = useSshd({ config: ['MaxAuthTries 3'] });
  const file = (name: string): string => join(sshd().dir, name);
  const authorize = (name: string): void => appendFileSync(file('authorized_keys'), readFileSync(`${file(name)}.pub`));
  beforeAll(() => {
    keygen(file('stranger'), 'ed25519');
    keygen(file('encrypted'), 'ed25519', 'open sesame');
    keygen(file('rsa'), 'rsa');
    for (const name of ['encrypted', 'rsa']) authorize(name);
    copyFileSync(file('authorized_keys'), join(strict().dir, 'authorized_keys'));
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
    expect(await refusal(target)).toContain(
      'encrypted: is encrypted, no passphraseFrom is given, and there is no agent',
    );
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
      const others = Array.from({ length: 6 }, (_, index) => `other${index}`);
      for (const name of others) keygen(file(name), 'ed25519');
      while (!existsSync(file('agent'))) await new Promise((resolve) => setImmediate(resolve));
      for (const key of [...others, 'stranger', 'encrypted']) expect(add(key)).toBe(0);
    });
    afterAll(() => agent.kill());
    const withAgent = (changes: Partial<Target> = {}): Target =>
      strict().target({ user: sshd().user, agentSocket: file('agent'), identityFiles: [], ...changes });

    test('its key that is named by the .pub is the first of eight, for a server that allows three tries', async () => {
      expect(await hello(withAgent({ identityFiles: [`${file('encrypted')}.pub`] }))).toBe('hello\n');
      const alone = { identityFiles: [`${file('encrypted')}.pub`], identitiesOnly: true };
      expect(await hello(withAgent(alone))).toBe('hello\n');
      expect(await refusal(withAgent())).toMatch(/Too many authentication failures/);
    });

    test('no private key file is opened where only the agent is wanted', async () => {
      const target = withAgent({ agentOnly: true, identityFiles: [sshd().identityFile] });
      expect(await refusal(target)).toContain(`${sshd().identityFile}: only the agent's keys are wanted`);
      expect(await hello({ ...target, identityFiles: [file('encrypted')] })).toBe('hello\n');
    });

    test("an encrypted key without a .pub is the agent's where that holds it", async () => {
      copyFileSync(file('encrypted'), file('no-pub'));
      const target = withAgent({ identityFiles: [file('no-pub')], identitiesOnly: true, passphrase: 'file:/nowhere' });
      expect(await hello(target)).toBe('hello\n');
      expect(asked).toEqual([]);
    });

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
