import { describe, expect, test } from 'vitest';
import { connectAll } from '../../src/transport/pool.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import { ConnectFailure } from '../../src/transport/transport.ts';
import { freePort, haveSshd } from '../sshd/sshd.ts';
import { useSshd } from './use-sshd.ts';

describe.skipIf(!haveSshd)('many targets', () => {
  const sshd = useSshd();

  test('all failures are collected, and the others are connected', async () => {
    const dead = await freePort();
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const targets = names.map((name, index) => sshd().target({ name, port: index % 2 === 0 ? sshd().port : dead }));
    const connected: string[] = [];
    const result = await connectAll(targets, new Ssh2Transport(), {
      concurrency: 2,
      onConnected: ({ name }) => connected.push(name),
    });
    expect([...result.sessions.keys()].sort()).toEqual(['a', 'c', 'e']);
    expect(connected.sort()).toEqual(['a', 'c', 'e']);
    expect(result.failures.map((failure) => failure.target)).toEqual(['b', 'd', 'f']);
    await Promise.all([...result.sessions.values()].map((session) => session.close()));
  });

  test('a login that the node refuses says what was tried', async () => {
    const target = sshd().target({ name: 'cp-1', identityFiles: ['/nowhere/key'] });
    const failure: unknown = await new Ssh2Transport().connect(target).catch((error: unknown) => error);
    if (!(failure instanceof ConnectFailure)) throw new Error(`no refusal: ${String(failure)}`);
    expect(failure).toMatchObject({ reason: 'authentication', target: 'cp-1' });
    const text = failure.detail.join('\n');
    expect(text).toContain('/nowhere/key: ENOENT');
    expect(text).toContain('the node accepts: publickey');
  });
});
