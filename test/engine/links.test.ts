import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Links } from '../../src/engine/links.ts';
import type { NewEvent } from '../../src/event.ts';
import { Failure } from '../../src/failure.ts';
import type { RemoteNode } from '../../src/remote/attempt.ts';
import { ConnectFailure, ConnectionLost, type Session } from '../../src/transport/transport.ts';
import { FakeClock, FakeNode } from './bench.ts';

const MINUTE = 60_000;

/** One node whose dials and links behave as a test says, on fake time. */
class Site {
  readonly clock = new FakeClock();
  readonly events: NewEvent[] = [];
  readonly node = new FakeNode('n1');
  /** When each dial began. */
  readonly dials: number[] = [];
  dial = (): void => undefined;
  open = (remote: RemoteNode): RemoteNode => remote;
  end: (reason: string) => void = () => undefined;
  readonly links: Links;

  constructor(reconnectFor = 10 * MINUTE, random = () => 0, onlyLooks = false) {
    this.links = new Links({
      dial: async () => {
        this.dials.push(this.clock.time);
        this.dial();
        return Promise.resolve(this.session());
      },
      open: (_name, session) => Promise.resolve(this.open({ ...this.node.link(), close: () => session.close() })),
      clock: this.clock,
      emit: (event) => this.events.push(event),
      reconnectFor,
      onlyLooks,
      random,
    });
  }

  session(): Session {
    return {
      target: 'n1',
      open: () => Promise.reject(new Error('not used')),
      exec: () => Promise.reject(new Error('not used')),
      closed: new Promise((resolve) => (this.end = resolve)),
      close: () => Promise.resolve(),
    };
  }

  /** Dials that began within any two minutes, at most. */
  get mostInTwoMinutes(): number {
    const within = this.dials.map((from) => this.dials.filter((at) => at >= from && at <= from + 2 * MINUTE).length);
    return Math.max(...within);
  }
}

const lost = (): never => {
  throw new ConnectionLost('n1', 'cut');
};
const refuse = (reason: ConnectFailure['reason']) => (): never => {
  throw new ConnectFailure('n1', reason, `n1: ${reason}`);
};
const look = async (remote: RemoteNode): Promise<string> => (await remote.status('run', '1')).kind;

test.each([
  ['a link that dies before it answers', (site: Site) => (site.open = (remote) => ({ ...remote, status: lost }))],
  ['a link that dies after each first answer', (site: Site) => (site.open = (remote) => ({ ...remote, follow: lost }))],
  ['a program that cannot be opened', (site: Site) => (site.open = lost)],
  [
    'a login shell that starts nothing any more',
    (site: Site) => (site.open = (remote) => ({ ...remote, follow: refuse('shell') })),
  ],
  ['a login that is closed at once', (site: Site) => (site.dial = refuse('protocol'))],
])('%s costs at most 12 logins in two minutes, and the node is given up in time', async (_name, breaks) => {
  const site = new Site();
  site.links.adopt('n1', site.session());
  await site.links.with('n1', look);
  breaks(site);
  const sink = { stdout: () => undefined, stderr: () => undefined };
  let tries = 0;
  const work = site.links.with('n1', async (remote) => {
    tries += 1;
    if (tries === 1) lost();
    await look(remote);
    return remote.follow('run', '1', { stdout: 0, stderr: 0 }, sink);
  });
  await expect(work).rejects.toThrow(/^node n1 was lost: /);
  expect(site.mostInTwoMinutes).toBeLessThanOrEqual(12);
  expect(site.dials.length).toBeGreaterThan(20);
  expect(site.clock.time).toBeGreaterThan(9 * MINUTE);
  expect(site.clock.time).toBeLessThanOrEqual(10 * MINUTE);
  expect(site.events.length).toBeLessThan(80);
});

test('what runs beside the run dials no sooner than the run itself, and is refused without waiting', async () => {
  const site = new Site();
  site.links.adopt('n1', site.session());
  await site.links.once('n1', look);
  const answers: string[] = [];
  for (site.clock.time = 0; site.clock.time <= 2 * MINUTE; site.clock.time += 100) {
    site.end('killed');
    await Promise.resolve();
    await site.links.once('n1', look).then(
      () => answers.push('answered'),
      (error: unknown) => answers.push(String(error)),
    );
  }
  expect(site.dials.length).toBeLessThanOrEqual(12);
  expect(new Set(answers)).toEqual(new Set(['answered', 'ConnectionLost: lost the connection to n1: killed']));
});

test('work that waits for the link and what runs beside it share one dial', async () => {
  const site = new Site();
  site.links.adopt('n1', site.session());
  await site.links.with('n1', look);
  site.clock.time += MINUTE;
  site.end('killed');
  await Promise.resolve();
  const both = [site.links.with('n1', look), site.links.once('n1', look), site.links.with('n1', look)];
  expect(await Promise.all(both)).toEqual(['absent', 'absent', 'absent']);
  expect(site.dials).toEqual([MINUTE]);
});

test('a link that held and answered is dialled again at once, and has the whole time limit', async () => {
  const site = new Site(MINUTE);
  site.links.adopt('n1', site.session());
  for (let round = 1; round <= 5; round += 1) {
    const began = site.clock.time;
    let again = false;
    await site.links.with('n1', async (remote) => {
      await look(remote);
      if (again) return;
      again = true;
      site.clock.time += MINUTE;
      lost();
    });
    expect([site.dials.length, site.dials.at(-1)]).toEqual([round, began + MINUTE]);
  }
});

test('pauses are jittered by the given numbers: two clients do not come back at the same moment', async () => {
  const [one, other] = await Promise.all(
    [0, 0.5].map(async (random) => {
      const site = new Site(MINUTE, () => random);
      site.links.adopt('n1', site.session());
      site.dial = refuse('unreachable');
      await expect(site.links.with('n1', lost)).rejects.toThrow('n1 was lost');
      return site.dials.slice(0, 3);
    }),
  );
  expect(one).toEqual([1000, 3000, 7000]);
  expect(other).toEqual([1125, 3375, 7875]);
});

test.each([
  ['authentication', 4],
  ['host-key-changed', 1],
] as const)('a node that answers again but refuses (%s) is tried %i times', async (reason, times) => {
  const site = new Site();
  site.links.adopt('n1', site.session());
  site.dial = refuse(reason);
  await expect(site.links.with('n1', lost)).rejects.toMatchObject({ kind: 'step-failed' });
  expect(site.dials).toHaveLength(times);
});

test('where nothing is changed, a node that stays away is a failure soon, and no run to be resumed', async () => {
  const site = new Site(20_000, () => 0, true);
  site.links.adopt('n1', site.session());
  site.dial = refuse('unreachable');
  const failure = await site.links.with('n1', lost).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Failure);
  expect(failure).toMatchObject({ kind: 'unreachable', message: 'n1: unreachable; nothing was changed' });
  expect(site.dials).toEqual([1000, 3000, 7000, 15_000]);
});

test('a run that ends does not wait for a node that is away', async () => {
  const site = new Site();
  site.links.adopt('n1', site.session());
  site.dial = refuse('unreachable');
  site.clock.sleep = async (_ms, signal) =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
  const work = site.links.with('n1', lost);
  await site.links.close();
  await expect(work).rejects.toBeInstanceOf(ConnectionLost);
});

test('a link that owes an answer for too long is given up where a reboot is waited for, one that is idle is not', async () => {
  const site = new Site();
  let cut = (): void => undefined;
  const status = () =>
    new Promise<never>((_resolve, reject) => {
      cut = () => reject(new ConnectionLost('n1', 'closed'));
    });
  site.open = (remote) => ({ ...remote, status });
  site.links.adopt('n1', { ...site.session(), close: () => Promise.resolve(cut()) });
  const work = site.links.with('n1', look);
  await setImmediate();
  site.open = (remote) => remote;
  expect(await site.links.dropSilent('n1', 10_000)).toBe(false);
  site.clock.time += 10_000;
  expect(await site.links.dropSilent('n1', 10_000)).toBe(true);
  expect(await work).toBe('absent');
  site.clock.time += MINUTE;
  expect(await site.links.dropSilent('n1', 10_000)).toBe(false);
  expect(site.dials).toHaveLength(1);
});
