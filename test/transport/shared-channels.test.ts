import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { sharingChannels } from '../../src/transport/shared-channels.ts';
import {
  ChannelRefused,
  ConnectFailure,
  type Channel,
  type Exit,
  type Session,
  type Target,
} from '../../src/transport/transport.ts';
import { someTarget } from './some-target.ts';

const target: Target = { ...someTarget, name: 'n1', port: 22, user: 'ann', connectTimeout: 1000, keepaliveInterval: 0 };

/** A server that opens so many channels on each connection. */
class Server {
  readonly most: number;
  logins = 0;
  connections = 0;
  open = 0;
  refuseLogins = false;
  /** The channels under way; each ends when its entry is called. */
  readonly running = new Map<string, () => void>();

  constructor(most: number) {
    this.most = most;
  }

  async connect(): Promise<Session> {
    if (this.refuseLogins) throw new ConnectFailure('n1', 'protocol', 'n1: it closed the connection at once');
    this.logins += 1;
    this.connections += 1;
    let end: (reason: string) => void = () => undefined;
    let open = 0;
    const closed = new Promise<string>((resolve) => (end = resolve));
    return Promise.resolve({
      target: 'n1',
      closed,
      exec: () => Promise.reject(new Error('not used')),
      open: async (command) => {
        await Promise.resolve();
        if (open >= this.most) throw new ChannelRefused('n1', 'protocol', 'n1: open failed');
        open += 1;
        this.open += 1;
        return channel((exited) => {
          this.running.set(command, () => {
            open -= 1;
            this.open -= 1;
            this.running.delete(command);
            exited({ kind: 'exited', code: 0 });
          });
        });
      },
      close: async () => {
        this.connections -= 1;
        end('closed');
        return Promise.resolve();
      },
    });
  }

  session(): Promise<Session> {
    return sharingChannels({ connect: () => this.connect() }).connect(target);
  }
}

function channel(begin: (exited: (exit: Exit) => void) => void): Channel {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const exit = new Promise<Exit>((resolve) => begin(resolve));
  return { ...streams, exit, close: () => undefined };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('what is asked while a long command holds the only channel goes over one further connection', async () => {
  const server = new Server(1);
  const session = await server.session();
  await session.open('long');
  for (const short of ['one', 'two', 'three']) {
    const opening = session.open(short);
    await vi.advanceTimersByTimeAsync(300);
    await opening;
    server.running.get(short)?.();
    await vi.advanceTimersByTimeAsync(10_000);
  }
  expect([server.logins, server.connections]).toEqual([2, 2]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.connections).toBe(1);
  await session.close();
  expect(server.connections).toBe(0);
});

test('a channel that is only kept for later is given up, and costs no login', async () => {
  const server = new Server(1);
  const session = await server.session();
  const idle = await session.open('idle');
  session.whenCrowded?.(() => {
    server.running.get('idle')?.();
    return [idle.exit];
  });
  const opening = session.open('probe');
  await vi.advanceTimersByTimeAsync(0);
  await opening;
  expect(server.logins).toBe(1);
});

test.each([
  [1, 6],
  [2, 3],
  [10, 1],
])('with MaxSessions %i no more than %i connections are opened, and all get their turn', async (most, links) => {
  const server = new Server(most);
  const session = await server.session();
  let done = 0;
  const work = Array.from({ length: 30 }, async (_, index) => {
    await session.open(`work ${index}`);
    done += 1;
  });
  // Connections are opened one after the other; channels end only once no further one is opened.
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.connections).toBe(links);
  expect(server.open).toBe(most * links);
  while (done < work.length) {
    for (const end of server.running.values()) end();
    await vi.advanceTimersByTimeAsync(1);
  }
  await Promise.all(work);
  expect(server.connections).toBe(links);
});

test('where no further connection can be opened, what waits gets the channel that comes free', async () => {
  const server = new Server(1);
  const session = await server.session();
  await session.open('long');
  server.refuseLogins = true;
  const opening = session.open('short');
  await vi.advanceTimersByTimeAsync(30_000);
  server.running.get('long')?.();
  await opening;
  expect(server.open).toBe(1);
});

test('what waits for a channel ends with the link, and after two minutes', async () => {
  const server = new Server(1);
  const session = await server.session();
  await session.open('long');
  server.refuseLogins = true;
  const [late, cut] = ['late', 'cut'].map((command) => session.open(command).catch((error: unknown) => error));
  await vi.advanceTimersByTimeAsync(119_000);
  void session.open('cut').catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(2000);
  expect(await late).toMatchObject({ name: 'ConnectionLost', message: expect.stringContaining('MaxSessions') });
  await session.close();
  expect(await cut).toMatchObject({ name: 'ConnectionLost' });
});

test('a server that opens no channel at all is a failure at once', async () => {
  const session = await new Server(0).session();
  await expect(session.open('any')).rejects.toBeInstanceOf(ConnectFailure);
});

test('a further connection that opens no channel is not opened again at once', async () => {
  const server = new Server(1);
  const session = await server.session();
  await session.open('long');
  const connect = server.connect.bind(server);
  server.connect = async () => ({
    ...(await connect()),
    open: () => Promise.reject(new ChannelRefused('n1', 'protocol', 'n1: open failed')),
  });
  const opening = session.open('short').catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(119_000);
  expect(server.logins).toBeLessThanOrEqual(12);
  expect(server.connections).toBe(1);
  server.running.get('long')?.();
  expect(await opening).toHaveProperty('exit');
});
