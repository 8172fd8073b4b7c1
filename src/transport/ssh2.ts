import type { ClientChannel } from 'ssh2';
import { ssh2Channel } from './channel.ts';
import type { ReadSecret } from './identities.ts';
import { dial, JumpHosts, placeOf } from './jump.ts';
import { openLink, type Link, type LinkOptions } from './link.ts';
import type { AskOperator } from './questions.ts';
import { askOperator, readSecret } from './secrets.ts';
import { sessionOver } from './session.ts';
import {
  ChannelRefused,
  ConnectFailure,
  ConnectionLost,
  type Channel,
  type Session,
  type Target,
  type Transport,
} from './transport.ts';

/**
 * SSH by the ssh2 package. Host keys are verified, at jump hosts too; `connectTimeout` is for each hop and the node.
 * A password is sent to the node alone, never to a jump host.
 */
export class Ssh2Transport implements Transport {
  readonly #readSecret: ReadSecret;
  readonly #ask: AskOperator;
  readonly #jumpHosts: JumpHosts<Link>;

  constructor(options: { readonly readSecret?: ReadSecret; readonly ask?: AskOperator } = {}) {
    this.#readSecret = options.readSecret ?? readSecret;
    this.#ask = options.ask ?? askOperator;
    this.#jumpHosts = new JumpHosts(({ before, ...hop }) => this.#open(hop, before));
  }

  async connect(target: Target, signal?: AbortSignal): Promise<Session> {
    const lease = await this.#jumpHosts.lease(target, signal);
    try {
      const place = placeOf(target, target.jump);
      const link = await this.#open({ name: target.name, login: target, place, signal }, lease?.link);
      lease?.opened(true);
      void link.closed.then(() => lease?.release());
      const open = async (command: string): Promise<Channel> => exec(target.name, link, command);
      const close = async (): Promise<void> => link.close();
      return sessionOver({ open, closed: link.closed, close }, target, this.#readSecret);
    } catch (error) {
      lease?.opened(false);
      lease?.release();
      throw error;
    }
  }

  #open(to: Pick<LinkOptions, 'name' | 'login' | 'place' | 'signal'>, through: Link | undefined): Promise<Link> {
    return openLink({
      ...to,
      readSecret: this.#readSecret,
      ask: this.#ask,
      dial: (gaveUp) => dial(through, to.login, gaveUp),
    });
  }
}

async function exec(target: string, link: Link, command: string): Promise<Channel> {
  if (link.lost !== undefined) throw new ConnectionLost(target, link.lost);
  const raw = await new Promise<ClientChannel>((resolve, reject) => {
    link.client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
  }).catch((error: unknown) => {
    throw refused(target, link, error);
  });
  return ssh2Channel(raw, () => link.lost);
}

/** Either the link went away before the node answered, or the node wants no (further) channel. */
function refused(target: string, link: Link, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const gone = link.lost ?? (message === 'Not connected' ? 'the connection is closed' : undefined);
  if (gone !== undefined) return new ConnectionLost(target, gone, { cause: error });
  const what = `${target}: its SSH server refused to run a command: ${message}`;
  const detail = ['see MaxSessions and ForceCommand in its sshd_config'];
  // The number of RFC 4254, section 5.1: the server's own answer, not that of ssh2 for a link that ends.
  const isAnswer = error instanceof Error && 'reason' in error && typeof error.reason === 'number';
  return new (isAnswer ? ChannelRefused : ConnectFailure)(target, 'protocol', what, detail, { cause: error });
}
