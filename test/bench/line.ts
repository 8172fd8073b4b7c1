import { fork, type ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { z } from 'zod';

/** A line to an SSH server that can be made long. */
export interface Line {
  readonly port: number;
  /** Sets the round trip, in milliseconds: half of it in each direction. */
  roundTrip(ms: number): Promise<void>;
  /** What went over it so far: bytes, and how often a client spoke after its server had. */
  carried(): Promise<Carried>;
  /** Sends one byte there and back, beside SSH. */
  echo(): Promise<void>;
  stop(): Promise<void>;
}

const Carried = z.object({ up: z.number(), down: z.number(), turns: z.number() });
export type Carried = z.infer<typeof Carried>;

const Ports = z.object({ ssh: z.number(), echo: z.number() });

export async function openLine(sshPort: number): Promise<Line> {
  const file = new URL('line-process.js', import.meta.url).pathname;
  const child = fork(file, [String(sshPort)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const told = listen(child);
  const ports = Ports.parse(await told());
  const socket = connect({ host: '127.0.0.1', port: ports.echo, noDelay: true });
  await once(socket, 'connect');
  return {
    port: ports.ssh,
    roundTrip: async (ms) => {
      child.send(ms / 2);
      await told();
    },
    carried: async () => {
      child.send('carried');
      return Carried.parse(await told());
    },
    echo: async () => echo(socket),
    stop: async () => {
      socket.destroy();
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** The next message of the process; it must not end before. */
function listen(child: ChildProcess): () => Promise<unknown> {
  const messages = on(child, 'message', { close: ['exit'] });
  return async () => {
    const next = await messages.next();
    if (next.done === true) throw new Error('the proxy ended');
    const [message]: unknown[] = next.value;
    return message;
  };
}

async function echo(socket: Socket): Promise<void> {
  const back = once(socket, 'data');
  socket.write('x');
  await back;
}
