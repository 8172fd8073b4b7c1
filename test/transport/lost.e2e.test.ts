import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Session } from '../../src/transport/transport.ts';
import { startProxy, type Proxy } from '../sshd/proxy.ts';
import { haveSshd } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';

describe.skipIf(!haveSshd)('a link that goes away', () => {
  const sshd = useSshd();
  let proxy: Proxy;
  let session: Session;
  beforeEach(async () => {
    proxy = await startProxy(sshd().port);
    session = await new Ssh2Transport().connect(sshd().target({ ...throughProxy(), keepaliveInterval: 100 }));
  });
  afterEach(async () => {
    await session.close();
    await proxy.stop();
  });
  const throughProxy = (): { port: number; hostKeyChecking: 'off' } => ({ port: proxy.port, hostKeyChecking: 'off' });

  /** A command that lives until it is ended, whoever still reads it, and the first line of what it printed: its pid. */
  async function lasting(): Promise<{ exit: Promise<unknown>; pid: number }> {
    const channel = await session.open('echo $$; exec sleep 600');
    channel.stderr.resume();
    const pid = await new Promise<number>((resolve) => {
      channel.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
    });
    channel.stdout.resume();
    // The shell that has told its pid becomes sleep a moment later.
    await expect.poll(() => readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n');
    return { exit: channel.exit, pid };
  }

  test('a reset connection loses the command, which is never read as success', async () => {
    const { exit, pid } = await lasting();
    proxy.cut();
    expect(await exit).toMatchObject({ kind: 'lost' });
    expect(await session.closed).toMatch(/reset|closed/i);
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n');
    process.kill(pid);
    await expect(session.exec('true')).rejects.toMatchObject({ name: 'ConnectionLost', target: 'node-1' });
  });

  test('a server process that dies loses the command', async () => {
    const { exit, pid } = await lasting();
    sshd().dropSessions();
    expect(await exit).toMatchObject({ kind: 'lost' });
    process.kill(pid);
  });

  test('a silent link is noticed by keepalives, with a command running and one being sent', async () => {
    const { exit, pid } = await lasting();
    proxy.blackHole();
    const sent = session.exec('true').catch((error: unknown) => error);
    expect(await session.closed).toContain('no longer answers');
    expect(await exit).toMatchObject({ kind: 'lost' });
    expect(await sent).toMatchObject({ name: 'ConnectionLost' });
    process.kill(pid);
  });

  test('a time limit holds for a command that the node never answers', async () => {
    proxy.deafen();
    const result = await session.exec('true', { timeout: 50 });
    expect(result.exit).toMatchObject({ kind: 'lost' });
  });

  test('a black-holed node is given up within the connect time limit', async () => {
    proxy.blackHole();
    const target = sshd().target({ ...throughProxy(), connectTimeout: 300 });
    await expect(new Ssh2Transport().connect(target)).rejects.toMatchObject({
      name: 'ConnectFailure',
      reason: 'timeout',
      message: expect.stringContaining(`127.0.0.1:${proxy.port}`),
    });
  });

  test('closing a session whose link is silent does not take for ever', async () => {
    proxy.blackHole();
    await session.close();
    expect(await session.closed).toEqual(expect.any(String));
  });
});
