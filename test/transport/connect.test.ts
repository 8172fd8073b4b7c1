import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Ssh2Transport } from '../../src/transport/ssh2.ts';
import type { ConnectFailure, Target } from '../../src/transport/transport.ts';
import { freePort } from '../sshd/sshd.ts';
import { someTarget } from './some-target.ts';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function failureOf(changes: Partial<Target>, signal?: AbortSignal): Promise<ConnectFailure> {
  const failure: unknown = await new Ssh2Transport()
    .connect({ ...someTarget, ...changes }, signal)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'ConnectFailure', target: 'cp-1' });
  return failure as ConnectFailure;
}

test('a dead port is named with its node', async () => {
  const port = await freePort();
  const failure = await failureOf({ port });
  expect(failure).toMatchObject({ reason: 'unreachable', message: `cp-1 (127.0.0.1:${port}): connection refused` });
});

test('a name that does not resolve is named', async () => {
  const failure = await failureOf({ host: 'no-such-node.invalid', port: 22 });
  expect(failure.reason).toBe('unreachable');
  expect(failure.message).toMatch(/^cp-1 \(no-such-node\.invalid:22\): its name /);
});

test('a server that never says anything is given up at the time limit', async () => {
  const port = await listen(() => undefined);
  const failure = await failureOf({ port, connectTimeout: 200 });
  expect(failure).toMatchObject({
    reason: 'timeout',
    message: `cp-1 (127.0.0.1:${port}): connected, but no SSH server answered within 0.2 s`,
  });
});

test('a server that closes at once is told from one that refuses', async () => {
  const port = await listen((socket) => socket.end());
  const failure = await failureOf({ port });
  expect(failure.reason).toBe('protocol');
  expect(failure.detail.join()).toContain('MaxStartups');
});

test('a server that speaks something else is told so', async () => {
  const port = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  expect((await failureOf({ port })).reason).toBe('protocol');
});

test('an abort ends a connection that is under way', async () => {
  const giveUp = new AbortController();
  const port = await listen(() => giveUp.abort());
  expect((await failureOf({ port }, giveUp.signal)).message).toContain('stopped before');
});

test('an abort that came before keeps it from being dialled', async () => {
  const dialled: Socket[] = [];
  const port = await listen((socket) => dialled.push(socket));
  await failureOf({ port }, AbortSignal.abort());
  expect(dialled).toEqual([]);
});
