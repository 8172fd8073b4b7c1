import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A TCP proxy on loopback whose line can be made slow, silent or cut. */
export interface Proxy {
  readonly port: number;
  /** Connections that it carries now. */
  readonly connections: number;
  /**
   * Bytes that went through, from the client and from the server, and how often a client spoke after its server had.
   */
  readonly carried: { readonly up: number; readonly down: number; readonly turns: number };
  /** Milliseconds added in each direction, from now on. */
  latency(ms: number): void;
  /** Swallows all bytes in both directions without closing anything, also of new connections; undone by `heal`. */
  blackHole(): void;
  /** Swallows only what the server sends. */
  deafen(): void;
  heal(): void;
  /** Resets all connections now. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startProxy(port: number, host = '127.0.0.1'): Promise<Proxy> {
  const line = { up: 0, down: 0, turns: 0, latency: 0, swallowUp: false, swallowDown: false };
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connect({ host, port, noDelay: true });
    client.setNoDelay(true);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    let last: 'up' | 'down' = 'up';
    const spoke = (way: 'up' | 'down'): void => {
      if (way === 'up' && last === 'down') line.turns += 1;
      last = way;
    };
    carry(client, upstream, () => line.swallowUp, line, 'up', spoke);
    carry(upstream, client, () => line.swallowDown, line, 'down', spoke);
    const end = (): void => {
      pairs.delete(pair);
      if (!line.swallowUp) client.destroy();
      upstream.destroy();
    };
    client.on('close', end).on('error', () => undefined);
    upstream.on('close', end).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => pairs.forEach((pair) => pair.forEach((socket) => socket.resetAndDestroy()));
  return {
    port: portOf(server),
    get connections() {
      return pairs.size;
    },
    get carried() {
      return { up: line.up, down: line.down, turns: line.turns };
    },
    latency: (ms) => void (line.latency = ms),
    blackHole: () => void (line.swallowUp = line.swallowDown = true),
    deafen: () => void (line.swallowDown = true),
    heal: () => void (line.swallowUp = line.swallowDown = false),
    cut,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

interface Line {
  up: number;
  down: number;
  latency: number;
}

function carry(
  from: Socket,
  to: Socket,
  swallow: () => boolean,
  line: Line,
  way: 'up' | 'down',
  spoke: (way: 'up' | 'down') => void,
): void {
  // Chunks keep their order because each waits for the one before it; their delays overlap.
  let before: Promise<unknown> = Promise.resolve();
  const later = (work: () => void): void => {
    const due = line.latency > 0 ? delay(line.latency) : undefined;
    before = before.then(() => due).then(work);
  };
  from.on('data', (chunk: Buffer) => {
    if (swallow()) return;
    line[way] += chunk.length;
    spoke(way);
    if (line.latency > 0) {
      later(() => to.write(chunk));
    } else if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('end', () => {
    if (!swallow()) later(() => to.end());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
