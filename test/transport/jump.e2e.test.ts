import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { connectAll } from '../../src/transport/pool.ts';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { Login, Target } from '../../src/transport/transport.ts';
import { startProxy } from '../sshd/proxy.ts';
import { freePort, haveSshd } from '../sshd/sshd.ts';
import { contract } from './contract.ts';
import { useSshd } from './use-sshd.ts';

describe.skipIf(!haveSshd)('jump hosts', () => {
  const first = useSshd();
  const second = useSshd();
  const node = useSshd();
  const hop = (sshd: () => { port: number }): string => `${node().user}@127.0.0.1:${sshd().port}`;
  const through = (port: number, changes: Partial<Login> = {}): Login => {
    const { name: _name, jump: _jump, become: _become, ...login } = behind({ ...changes, port, jump: [] });
    return login;
  };
  const behind = (changes: Partial<Target> = {}): Target =>
    node().target({
      identityFiles: [first().identityFile, second().identityFile, node().identityFile],
      knownHosts: [first().knownHosts, second().knownHosts, node().knownHosts],
      jump: changes.jump ?? [first, second].map((sshd) => through(sshd().port, changes)),
      ...changes,
    });

  describe('a node behind two of them', () => contract(() => new Ssh2Transport().connect(behind())));

  test('many nodes share one login at the jump host, which ends with the last of them', async () => {
    const proxy = await startProxy(first().port);
    const jump = [through(proxy.port, { hostKeyChecking: 'off' })];
    const names = ['a', 'b', 'c', 'd'];
    const targets = names.map((name) => behind({ name, jump, hostKeyChecking: 'off' }));
    const { sessions, failures } = await connectAll(targets, new Ssh2Transport());
    expect(failures).toEqual([]);
    expect(proxy.connections).toBe(1);
    const [one, ...rest] = [...sessions.values()];
    await one?.close();
    for (const session of rest) {
      expect((await session.exec('echo hi')).stdout.toString()).toBe('hi\n');
      await session.close();
    }
    await expect.poll(() => proxy.connections).toBe(0);
    await proxy.stop();
  });

  test('the key of each hop is verified', async () => {
    const failure = new Ssh2Transport().connect(behind({ knownHosts: [first().knownHosts, node().knownHosts] }));
    await expect(failure).rejects.toMatchObject({
      name: 'ConnectFailure',
      target: 'node-1',
      reason: 'host-key-unknown',
      message: expect.stringContaining(`jump host ${hop(second)}`),
    });
  });

  test('the key of the node behind them is verified', async () => {
    const file = join(first().dir, 'hops_only');
    writeFileSync(file, '');
    const knownHosts = [first().knownHosts, second().knownHosts, file];
    await expect(new Ssh2Transport().connect(behind({ knownHosts }))).rejects.toMatchObject({
      reason: 'host-key-unknown',
      message: expect.stringContaining(`127.0.0.1:${node().port} via ${hop(first)}, ${hop(second)}`),
    });
  });

  test('a node that the jump host cannot reach is named', async () => {
    const port = await freePort();
    await expect(new Ssh2Transport().connect(behind({ port }))).rejects.toMatchObject({
      target: 'node-1',
      reason: 'unreachable',
      message: expect.stringMatching(`127.0.0.1:${port} .*could not reach it`),
    });
  });

  test('a dead jump host fails every node behind it', async () => {
    const jump = [through(await freePort())];
    const targets = ['a', 'b'].map((name) => behind({ name, jump }));
    const { failures } = await connectAll(targets, new Ssh2Transport());
    expect(failures.map(({ target, reason }) => [target, reason])).toEqual([
      ['a', 'unreachable'],
      ['b', 'unreachable'],
    ]);
    expect(failures[0]?.message).toContain(`jump host ${node().user}@127.0.0.1:${jump[0]?.port}`);
  });

  test('a jump host that dies loses the nodes behind it', async () => {
    const proxy = await startProxy(first().port);
    const target = behind({ jump: [through(proxy.port, { hostKeyChecking: 'off' })], hostKeyChecking: 'off' });
    const session = await new Ssh2Transport().connect(target);
    proxy.cut();
    expect(await session.closed).toEqual(expect.any(String));
    await proxy.stop();
  });
});
