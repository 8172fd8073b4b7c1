import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Backoff } from './backoff.ts';
import { ForwardRefused } from './forward-refused.ts';
import type { Place } from './host-key.ts';
import type { Link } from './link.ts';
import { dialByCommand } from './proxy-command.ts';
import { ConnectFailure, type Login, type Target } from './transport.ts';
import { Turns } from './turns.ts';

/** Connections that are opened at once through one jump host; a login costs CPU there, here and on the nodes. */
const OPENING = 10;
/**
 * Milliseconds for which a jump host's link must have held, besides having been of use, to be dialled again at once.
 */
const HELD = 30_000;

/** A connection that others go through. */
interface Through {
  readonly closed: Promise<string>;
  close(): Promise<void>;
}

interface Shared<L> {
  readonly link: Promise<L>;
  readonly giveUp: AbortController;
  readonly since: number;
  users: number;
  /** Whether a login went through it. */
  wasOfUse: boolean;
}

/** What outlives the link to a jump host. */
interface Way {
  readonly backoff: Backoff;
  readonly turns: Turns;
  problem: ConnectFailure | undefined;
}

/** A jump host in use; `release` when the link through it is gone. */
export interface Lease<L> {
  readonly link: L;
  /** The login through it is over, well or not: the next one may begin. */
  opened(isWell: boolean): void;
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
 * host's MaxStartups. One that is lost is dialled again once for all of them, with backoff; until then they fail at
 * once. Each jump host has a login of its own: a node's password is never sent to one.
 */
export class JumpHosts<L extends Through> {
  readonly #shared = new Map<string, Shared<L>>();
  readonly #ways = new Map<string, Way>();
  readonly #connect: (hop: Hop<L>) => Promise<L>;

  /** `connect` throws ConnectFailure. */
  constructor(connect: (hop: Hop<L>) => Promise<L>) {
    this.#connect = connect;
  }

  /** The last hop before the target, connected; undefined where there is none. @throws ConnectFailure */
  async lease(target: Target, signal?: AbortSignal): Promise<Lease<L> | undefined> {
    if (target.jump.length === 0) return undefined;
    const last = target.jump.length - 1;
    const leave = await this.#way(keyOf(target, last)).turns.take(signal);
    try {
      const lease = await this.#lease(target, last, signal);
      const opened = (isWell: boolean): void => (leave(), lease.opened(isWell));
      return { ...lease, opened, release: () => (leave(), lease.release()) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #lease(target: Target, index: number, signal?: AbortSignal): Promise<Lease<L>> {
    const key = keyOf(target, index);
    const shared = this.#shared.get(key) ?? this.#open(key, target, index);
    shared.users++;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      if (--shared.users === 0) this.#drop(key, shared);
    };
    const opened = (isWell: boolean): void => void (shared.wasOfUse ||= isWell);
    signal?.addEventListener('abort', release, { once: true });
    try {
      return { link: await shared.link, opened, release };
    } catch (error) {
      release();
      throw behind(target, error);
    } finally {
      signal?.removeEventListener('abort', release);
    }
  }

  #way(key: string): Way {
    const known = this.#ways.get(key);
    if (known) return known;
    const backoff = new Backoff({ now: () => performance.now(), random: Math.random });
    const way: Way = { backoff, turns: new Turns(OPENING), problem: undefined };
    this.#ways.set(key, way);
    return way;
  }

  /** @throws ConnectFailure while the pause after the last failure lasts */
  #open(key: string, target: Target, index: number): Shared<L> {
    const way = this.#way(key);
    if (way.backoff.wait > 0 && way.problem) throw behind(target, way.problem);
    const giveUp = new AbortController();
    // Before any user of the link learns that it failed.
    const link = this.#connectHop(target, index, giveUp.signal).catch((error: unknown) => {
      this.#gone(key, shared, error);
      throw error;
    });
    const shared: Shared<L> = { link, giveUp, since: performance.now(), users: 0, wasOfUse: false };
    this.#shared.set(key, shared);
    const watch = async (): Promise<void> => {
      const what = `${nameOf(target, index)} was lost: ${await (await link).closed}`;
      this.#gone(key, shared, new ConnectFailure(target.name, 'unreachable', what));
    };
    watch().catch(() => undefined);
    return shared;
  }

  /** Not that it was given up because no one needs it any more. */
  #gone(key: string, shared: Shared<L>, problem: unknown): void {
    if (this.#shared.get(key) !== shared) return;
    this.#shared.delete(key);
    if (!(problem instanceof ConnectFailure)) return;
    const way = this.#way(key);
    way.problem = problem;
    if (shared.wasOfUse && performance.now() - shared.since >= HELD) way.backoff.reset();
    else way.backoff.failed(problem.reason === 'authentication' ? 'refused' : 'lost');
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
      const name = nameOf(target, index);
      const place = placeOf(login, target.jump.slice(0, index));
      const link = await this.#connect({ name, login, place, before: before?.link, signal });
      before?.opened(true);
      void link.closed.then(() => before?.release());
      return link;
    } catch (error) {
      before?.opened(false);
      before?.release();
      throw error;
    }
  }
}

/** Jump hosts up to this one. */
function keyOf(target: Target, index: number): string {
  return JSON.stringify(target.jump.slice(0, index + 1));
}

function nameOf(target: Target, index: number): string {
  const hop = target.jump[index];
  if (!hop) throw new Error(`no jump host ${index}`);
  return `jump host ${hop.user}@${addressOf(hop)}`;
}

/** A jump host's failure, as that of the node behind it. */
function behind(target: Target, error: unknown): unknown {
  if (!(error instanceof ConnectFailure)) return error;
  const message = `${target.name}: ${error.message}`;
  return new ConnectFailure(target.name, error.reason, message, error.detail, { cause: error });
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
      if (error) reject(new ForwardRefused(error));
      else resolve(channel);
    });
    return undefined;
  });
}
