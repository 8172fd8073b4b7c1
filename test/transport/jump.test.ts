import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { JumpHosts } from '../../src/transport/jump.ts';
import { ConnectFailure, type Target } from '../../src/transport/transport.ts';

const login = {
  host: '192.0.2.1',
  port: 22,
  user: 'ann',
  identityFiles: [],
  knownHosts: [],
  hostKeyChecking: 'strict',
  connectTimeout: 1000,
  keepaliveInterval: 0,
} as const;
const target = (name: string): Target => ({ ...login, name, jump: [login], become: { method: 'none' } });

/** A jump host that counts who connects to it. */
class Bastion {
  connects = 0;
  fails = false;
  end: (reason: string) => void = () => undefined;
  readonly hosts = new JumpHosts(async () => {
    this.connects += 1;
    await Promise.resolve();
    if (this.fails) throw new ConnectFailure('jump host', 'unreachable', 'jump host: connection refused');
    const closed = new Promise<string>((resolve) => (this.end = resolve));
    return { closed, close: async () => Promise.resolve(this.end('closed')) };
  });
}

test('ten at once are let through a jump host, the next as soon as one is through or has failed', async () => {
  const { hosts } = new Bastion();
  const inside: number[] = [];
  const leases = Array.from({ length: 25 }, async (_, index) => {
    const lease = await hosts.lease(target(`n${index}`));
    inside.push(index);
    return lease;
  });
  await setImmediate();
  expect(inside).toHaveLength(10);
  (await leases[0])?.opened(true);
  const failed = await leases[1];
  failed?.opened(false);
  failed?.release();
  await setImmediate();
  expect(inside).toHaveLength(12);
  for (let index = 2; index < 25; index += 1) (await leases[index])?.release();
  expect(inside).toHaveLength(25);
});

test('who gives up while it waits for its turn takes none from the others', async () => {
  const { hosts } = new Bastion();
  const leases = await Promise.all(Array.from({ length: 10 }, async (_, index) => hosts.lease(target(`n${index}`))));
  const giveUp = new AbortController();
  const given = hosts.lease(target('gone'), giveUp.signal);
  const next = hosts.lease(target('next'));
  giveUp.abort();
  (await given)?.release();
  leases[0]?.opened(true);
  expect(await next).toBeDefined();
});

test('a jump host that fails is dialled once for all, and again only after a pause', async () => {
  const bastion = new Bastion();
  bastion.fails = true;
  const tries = Array.from({ length: 300 }, async (_, index) => bastion.hosts.lease(target(`n${index}`)));
  const ends = await Promise.allSettled(tries);
  expect(ends.every(({ status }) => status === 'rejected')).toBe(true);
  expect(bastion.connects).toBe(1);
  await expect(bastion.hosts.lease(target('n7'))).rejects.toMatchObject({
    target: 'n7',
    reason: 'unreachable',
    message: 'n7: jump host: connection refused',
  });
  expect(bastion.connects).toBe(1);
});

test('a jump host whose link dies young is not dialled again at once; one that no one needs is no failure', async () => {
  const bastion = new Bastion();
  const lease = await bastion.hosts.lease(target('a'));
  lease?.opened(true);
  lease?.release();
  await setImmediate();
  const other = await bastion.hosts.lease(target('b'));
  other?.opened(true);
  expect(bastion.connects).toBe(2);
  bastion.end('killed');
  await setImmediate();
  await expect(bastion.hosts.lease(target('c'))).rejects.toThrow('jump host ann@192.0.2.1:22 was lost: killed');
  expect(bastion.connects).toBe(2);
});
