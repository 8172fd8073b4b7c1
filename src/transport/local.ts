import { execa } from 'execa';
import { channelOver } from './channel.ts';
import { deferred } from './deferred.ts';
import type { ReadSecret } from './identities.ts';
import { readSecret } from './secrets.ts';
import { sessionOver } from './session.ts';
import { ConnectionLost, type Channel, type Exit, type Session, type Target, type Transport } from './transport.ts';

/** The operator's machine: `sh -c` in a child process. Of a target only name, user, become and connectTimeout count. */
export class LocalTransport implements Transport {
  readonly #readSecret: ReadSecret;

  constructor(options: { readonly readSecret?: ReadSecret } = {}) {
    this.#readSecret = options.readSecret ?? readSecret;
  }

  async connect(target: Target): Promise<Session> {
    const channels = new Set<Channel>();
    const closed = deferred<string>();
    let isClosed = false;
    const open = async (command: string): Promise<Channel> => {
      if (isClosed) throw new ConnectionLost(target.name, 'closed');
      const channel = localChannel(command);
      channels.add(channel);
      void channel.exit.then(() => channels.delete(channel));
      return Promise.resolve(channel);
    };
    const close = async (): Promise<void> => {
      isClosed = true;
      for (const channel of channels) channel.close();
      closed.resolve('closed');
      return Promise.resolve();
    };
    return Promise.resolve(sessionOver({ open, closed: closed.promise, close }, target, this.#readSecret));
  }
}

function localChannel(command: string): Channel {
  // Not killed with this process: what is durable must live on, the rest ends with its stdin or its output.
  const options = { stdio: 'pipe', buffer: false, reject: false, cleanup: false } as const;
  const child = execa('sh', ['-c', command], options);
  const { stdin, stdout, stderr } = child;
  for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
  const ended = child.then((result): Exit => {
    if (result.exitCode !== undefined) return { kind: 'exited', code: result.exitCode };
    if (result.signal !== undefined) return { kind: 'signalled', signal: result.signal };
    return { kind: 'lost', reason: result.shortMessage ?? 'it could not be started' };
  });
  const close = (): void => {
    for (const stream of [stdout, stderr]) stream.destroy();
    child.unref();
  };
  // Execa reads and drops what is not being read at once: the channel does.
  return channelOver({ stdin, stdout, stderr, ended, close });
}
