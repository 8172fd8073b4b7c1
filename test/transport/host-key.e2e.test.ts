import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { ConnectFailure, Target } from '../../src/transport/transport.ts';
import { haveSshd, keygen, publicKey } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';

describe.skipIf(!haveSshd)('host keys of a real OpenSSH server', () => {
  const sshd = useSshd({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] });
  let files = 0;
  const knownHosts = (text: string): string => {
    const file = join(sshd().dir, `known_hosts_${files++}`);
    writeFileSync(file, text);
    return file;
  };
  const refusal = async (changes: Partial<Target>): Promise<ConnectFailure> => {
    const failure: unknown = await new Ssh2Transport().connect(sshd().target(changes)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ConnectFailure', target: 'node-1' });
    return failure as ConnectFailure;
  };
  const login = async (changes: Partial<Target>): Promise<void> => {
    const session = await new Ssh2Transport().connect(sshd().target(changes));
    expect((await session.exec('echo hi')).stdout.toString()).toBe('hi\n');
    await session.close();
  };
  const hostKey = (type: string): string => publicKey(join(sshd().dir, `host_${type}.pub`));

  test('an unknown key is refused with its fingerprint and the command that learns it', async () => {
    const failure = await refusal({ knownHosts: [knownHosts('')] });
    expect(failure.reason).toBe('host-key-unknown');
    expect(failure.message).toContain(`127.0.0.1:${sshd().port}`);
    const text = failure.detail.join('\n');
    expect(text).toMatch(/offered: ssh-ed25519 SHA256:[\w+/]{43}/);
    expect(text).toContain(`ssh-keyscan -t ed25519 -p ${sshd().port} 127.0.0.1 >> `);
    expect(text).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  });

  test('a known_hosts file that does not exist knows no key', async () => {
    const failure = await refusal({ knownHosts: [join(sshd().dir, 'nowhere', 'known_hosts')] });
    expect(failure.reason).toBe('host-key-unknown');
  });

  test('a changed key is refused with both fingerprints, the line and the way to forget it', async () => {
    keygen(join(sshd().dir, 'another'), 'ed25519');
    const wrong = `# kept by hand\n[127.0.0.1]:${sshd().port} ${publicKey(join(sshd().dir, 'another.pub'))}\n`;
    const file = knownHosts(wrong);
    const failure = await refusal({ knownHosts: [file] });
    expect(failure.reason).toBe('host-key-changed');
    expect(failure.message).toContain('HAS CHANGED');
    const text = failure.detail.join('\n');
    expect(text.match(/SHA256:/g)).toHaveLength(2);
    expect(text).toContain(`(${file}:2)`);
    expect(text).toContain(`ssh-keygen -R '[127.0.0.1]:${sshd().port}' -f ${file}`);
  });

  test('a changed key is refused by accept-new, too, and the file is left alone', async () => {
    keygen(join(sshd().dir, 'third'), 'ed25519');
    const text = `[127.0.0.1]:${sshd().port} ${publicKey(join(sshd().dir, 'third.pub'))}\n`;
    const file = knownHosts(text);
    const failure = await refusal({ knownHosts: [file], hostKeyChecking: 'accept-new' });
    expect(failure.reason).toBe('host-key-changed');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('a revoked key is refused', async () => {
    const failure = await refusal({
      knownHosts: [sshd().knownHosts, knownHosts(`@revoked * ${hostKey('ed25519')}\n`)],
    });
    expect(failure.reason).toBe('host-key-revoked');
  });

  test('the type of key that is known is asked for first', async () => {
    for (const type of ['rsa', 'ecdsa', 'ed25519']) {
      await login({ knownHosts: [knownHosts(`[127.0.0.1]:${sshd().port} ${hostKey(type)}\n`)] });
    }
  });

  test('accept-new keeps a new key once, in a private file, and knows it afterwards', async () => {
    mkdirSync(join(sshd().dir, 'fresh'));
    const file = join(sshd().dir, 'fresh', 'ssh', 'known_hosts');
    const changes = { knownHosts: [file], hostKeyChecking: 'accept-new' } as const;
    await Promise.all([login(changes), login(changes), login(changes)]);
    expect(readFileSync(file, 'utf8')).toBe(`[127.0.0.1]:${sshd().port} ${hostKey('ed25519')}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await login({ knownHosts: [file] });
  });

  test('accept-new appends to a file without a newline at its end', async () => {
    const file = knownHosts('# no newline');
    await login({ knownHosts: [file], hostKeyChecking: 'accept-new' });
    expect(readFileSync(file, 'utf8').split('\n')[0]).toBe('# no newline');
    await login({ knownHosts: [file] });
  });

  test('checking that is off accepts any key', async () => {
    await login({ knownHosts: [], hostKeyChecking: 'off' });
  });
});
