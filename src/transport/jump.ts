import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Place } from './host-key.ts';
import type { Link } from './link.ts';
import { dialByCommand } from './proxy-command.ts';
import { ConnectFailure, type Login, type Target } from './transport.ts';

/** A connection that others go through. */
interface Through {
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

interface Shared<L> {
  readonly link: Promise<L>;
  readonly giveUp: AbortController;
  users: number;
}

/** A jump host in use; `release` when the link through it is gone. */
export interface Lease<L> {
  readonly link: L;
  release(): void;
}

/** A jump host to connect to; `before`: the one before it. */
export interface Hop<L> {
  readonly name: string;
  readonly login: Login;
  readonly place: Place;
  readonly before: L | undefined;
  readonly signal: AbortSignal;
}

/**
 * Connections to jump hosts, one per chain, shared by all nodes behind it: a login per node would run into the jump
 * host's MaxStartups. Each jump host has a login of its own: a node's password is never sent to one.
 */
export class JumpHosts<L extends Through> {
  readonly #shared = new Map<string, Shared<L>>();
  readonly #connect: (hop: Hop<L>) => Promise<L>;

  /** `connect` throws ConnectFailure. */
  constructor(connect: (hop: Hop<L>) => Promise<L>) {
    this.#connect = connect;
  }

  /** The last hop before the target, connected; undefined where there is none. @throws ConnectFailure */
  async lease(target: Target, signal?: AbortSignal): Promise<Lease<L> | undefined> {
    return target.jump.length === 0 ? undefined : this.#lease(target, target.jump.length - 1, signal);
  }

  async #lease(target: Target, index: number, signal?: AbortSignal): Promise<Lease<L>> {
    const key = JSON.stringify(target.jump.slice(0, index + 1));
    const shared = this.#shared.get(key) ?? this.#open(key, target, index);
    shared.users++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      if (--shared.users === 0) this.#drop(key, shared);
    };
    signal?.addEventListener('abort', release, { once: true });
    try {
      return { link: await shared.link, release };
    } catch (error) {
      release();
      if (!(error instanceof ConnectFailure)) throw error;
      const message = `${target.name}: ${error.message}`;
      throw new ConnectFailure(target.name, error.reason, message, error.detail, { cause: error });
    } finally {
      signal?.removeEventListener('abort', release);
    }
  }

  #open(key: string, target: Target, index: number): Shared<L> {
    const giveUp = new AbortController();
    const link = this.#connectHop(target, index, giveUp.signal);
    const shared: Shared<L> = { link, giveUp, users: 0 };
    this.#shared.set(key, shared);
    const forget = (): void => {
      if (this.#shared.get(key) === shared) this.#shared.delete(key);
    };
    link.then(async (open) => open.closed.then(forget)).catch(forget);
    return shared;
  }

  #drop(key: string, shared: Shared<L>): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key);
    shared.giveUp.abort();
    shared.link.then(async (link) => link.close()).catch(() => undefined);
  }

  async #connectHop(target: Target, index: number, signal: AbortSignal): Promise<L> {
    const login = target.jump[index];
    if (!login) throw new Error(`no jump host ${index}`);
    const before = index > 0 ? await this.#lease(target, index - 1, signal) : undefined;
    try {
      const name = `jump host ${login.user}@${addressOf(login)}`;
      const place = placeOf(login, target.jump.slice(0, index));
      const link = await this.#connect({ name, login, place, before: before?.link, signal });
      void link.closed.then(() => before?.release());
      return link;
    } catch (error) {
      before?.release();
      throw error;
    }
  }
}

/** `host:port`, an IPv6 address in brackets. */
export function addressOf({ host, port }: Login): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function placeOf(login: Login, before: readonly Login[]): Place {
  const via = before.map((hop) => `${hop.user}@${addressOf(hop)}`);
  const address = addressOf(login);
  const by = (before[0] ?? login).proxyCommand === undefined ? [] : ['by ProxyCommand'];
  return {
    host: login.host,
    port: login.port,
    via,
    label: [address, ...(via.length > 0 ? [`via ${via.join(', ')}`] : []), ...by].join(' '),
  };
}

/** A TCP connection, direct or forwarded by a jump host, or what a ProxyCommand makes of its stdin and stdout. */
export function dial(through: Link | undefined, login: Login, signal: AbortSignal): Promise<Duplex> {
  const { host, port, proxyCommand } = login;
  if (through) return forward(through, host, port);
  if (proxyCommand !== undefined) return Promise.resolve(dialByCommand(proxyCommand));
  return new Promise((resolve, reject) => {
    // Node gives each of several addresses 250 ms by default: too little for a far one.
    const socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 3000 });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
  });
}

function forward(link: Link, host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    if (link.lost !== undefined) return reject(new Error(`the jump host was lost: ${link.lost}`));
    link.client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (error) reject(new Error(`the jump host could not reach it: ${error.message}`, { cause: error }));
      else resolve(channel);
    });
    return undefined;
  });
}
