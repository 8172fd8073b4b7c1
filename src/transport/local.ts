import { execa } from 'execa';
import { elevate, type Open } from './become.ts';
import { feed, release, whenRead } from './channel.ts';
import { collect } from './exec.ts';
import type { ReadSecret } from './identities.ts';
import { readSecret } from './secrets.ts';
import {
  ConnectionLost,
  type Channel,
  type ExecOptions,
  type ExecResult,
  type Exit,
  type Session,
  type Target,
  type Transport,
} from './transport.ts';

/** The operator's machine, behind the same contract: `sh -c` in a child process. Of a target only name, user and become count. */
export class LocalTransport implements Transport {
  readonly #readSecret: ReadSecret;

  constructor(options: { readonly readSecret?: ReadSecret } = {}) {
    this.#readSecret = options.readSecret ?? readSecret;
  }

  connect(target: Target): Promise<Session> {
    return Promise.resolve(new LocalSession(target, this.#readSecret));
  }
}

class LocalSession implements Session {
  readonly target: string;
  readonly closed: Promise<string>;
  readonly #open: Open;
  readonly #channels = new Set<Channel>();
  #isClosed = false;
  #gone: (reason: string) => void = () => undefined;

  constructor(target: Target, readSecret: ReadSecret) {
    this.target = target.name;
    this.closed = new Promise((resolve) => {
      this.#gone = resolve;
    });
    this.#open = elevate((command) => this.#spawn(command), {
      target: target.name,
      user: target.user,
      become: target.become,
      readSecret,
      timeout: target.connectTimeout,
    });
  }

  open(command: string): Promise<Channel> {
    return this.#open(command);
  }

  exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    return collect(this.target, this.#open, command, options);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const channel of this.#channels) channel.close();
    this.#gone('closed');
    return Promise.resolve();
  }

  async #spawn(command: string): Promise<Channel> {
    if (this.#isClosed) throw new ConnectionLost(this.target, 'closed');
    const channel = localChannel(command);
    this.#channels.add(channel);
    void channel.exit.then(() => this.#channels.delete(channel));
    return channel;
  }
}

function localChannel(command: string): Channel {
  // Not killed with this process: what is durable must live on, the rest ends with its stdin or its output.
  const options = { stdio: 'pipe', buffer: false, reject: false, cleanup: false } as const;
  const child = execa('sh', ['-c', command], options);
  const { stdin } = child;
  for (const stream of [stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  // Execa reads and drops what is not being read at once.
  const stdout = feed(child.stdout);
  const stderr = feed(child.stderr);
  let close = (): void => undefined;
  const closedHere = new Promise<Exit>((resolve) => {
    close = () => {
      resolve({ kind: 'lost', reason: 'the channel was closed by this side' });
      release(child.stdout, stdout);
      release(child.stderr, stderr);
      for (const stream of [stdin, child.stdout, child.stderr]) stream.destroy();
      child.unref();
    };
  });
  const ended = Promise.all([child, whenRead(stdout), whenRead(stderr)]).then(([result]): Exit => {
    if (result.exitCode !== undefined) return { kind: 'exited', code: result.exitCode };
    if (result.signal !== undefined) return { kind: 'signalled', signal: result.signal };
    return { kind: 'lost', reason: result.shortMessage ?? 'it could not be started' };
  });
  return { stdin, stdout, stderr, exit: Promise.race([ended, closedHere]), close: () => close() };
}
