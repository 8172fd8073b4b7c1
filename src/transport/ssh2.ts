import type { ClientChannel } from 'ssh2';
import { elevate, type Open } from './become.ts';
import { wrapChannel } from './channel.ts';
import { collect } from './exec.ts';
import type { ReadSecret } from './identities.ts';
import { dial, JumpHosts, placeOf, type Lease } from './jump.ts';
import { openLink, type Link } from './link.ts';
import { readSecret } from './secrets.ts';
import {
  ConnectFailure,
  ConnectionLost,
  type Channel,
  type ExecOptions,
  type ExecResult,
  type Session,
  type Target,
  type Transport,
} from './transport.ts';

export interface Ssh2Options {
  /** Where secrets come from; each source is read at most once per process. */
  readonly readSecret?: ReadSecret;
}

/**
 * SSH by the ssh2 package. Host keys are verified, at jump hosts too; `connectTimeout` holds for each hop and for the node.
 * A password is sent to the node alone, never to a jump host.
 */
export class Ssh2Transport implements Transport {
  readonly #readSecret: ReadSecret;
  readonly #jumpHosts: JumpHosts;

  constructor(options: Ssh2Options = {}) {
    this.#readSecret = options.readSecret ?? readSecret;
    this.#jumpHosts = new JumpHosts(this.#readSecret);
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Session> {
    const through = await this.#jumpHosts.lease(target, signal);
    try {
      const link = await openLink({
        target,
        place: placeOf(target.host, target.port, target.jump),
        user: target.user,
        password: true,
        readSecret: this.#readSecret,
        dial: (gaveUp) => dial(through, target.host, target.port, gaveUp),
        signal,
      });
      return new Ssh2Session(target, link, through, this.#readSecret);
    } catch (error) {
      through?.release();
      throw error;
    }
  }
}

class Ssh2Session implements Session {
  readonly target: string;
  readonly closed: Promise<string>;
  readonly #link: Link;
  readonly #open: Open;

  constructor(target: Target, link: Link, through: Lease | undefined, readSecret: ReadSecret) {
    this.target = target.name;
    this.closed = link.closed;
    this.#link = link;
    void link.closed.then(() => through?.release());
    this.#open = elevate((command) => this.#exec(command), {
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
    return this.#link.close();
  }

  async #exec(command: string): Promise<Channel> {
    const link = this.#link;
    if (link.lost !== undefined) throw new ConnectionLost(this.target, link.lost);
    let raw: ClientChannel;
    try {
      raw = await new Promise((resolve, reject) => {
        link.client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
      });
    } catch (error) {
      throw this.#refused(error);
    }
    return wrapChannel(raw, () => link.lost);
  }

  /** Either the link went away before the node answered, or the node wants no (further) channel. */
  #refused(error: unknown): Error {
    const message = error instanceof Error ? error.message : String(error);
    const gone = this.#link.lost ?? (message === 'Not connected' ? 'the connection is closed' : undefined);
    if (gone !== undefined) return new ConnectionLost(this.target, gone, { cause: error });
    const what = `${this.target}: its SSH server refused to run a command: ${message}`;
    return new ConnectFailure(this.target, 'protocol', what, ['see MaxSessions and ForceCommand in its sshd_config'], {
      cause: error,
    });
  }
}
