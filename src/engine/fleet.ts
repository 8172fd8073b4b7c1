import type { Emit } from '../event.ts';
import { Failure } from '../failure.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import { ConnectFailure, ConnectionLost, type Session } from '../transport/transport.ts';
import type { Clock } from './clock.ts';

export interface FleetOptions {
  /** Dials one node (or `local`). @throws ConnectFailure */
  readonly dial: (name: string) => Promise<Session>;
  readonly open: (name: string, session: Session) => Promise<RemoteNode>;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Milliseconds for which a lost node is dialled again before it counts as lost. */
  readonly reconnectFor: number;
}

interface Link {
  readonly session: Session;
  readonly remote: RemoteNode;
  isGone: boolean;
}

/** The links of a run: one connection per node, kept, and dialled again when it is lost. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #links = new Map<string, Promise<Link>>();
  #closed = false;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Takes over a session that was opened elsewhere (all nodes are dialled in parallel at the start). */
  adopt(name: string, session: Session): void {
    this.#links.set(name, this.#open(name, session));
  }

  /**
   * Runs `work` on the node's link. When the link is lost, dials again (with backoff, for `reconnectFor`) and repeats
   * `work`, which must be safe to repeat: a read, or a durable attempt that asks for its own state first.
   * @throws Failure when the node stays away.
   */
  async with<T>(name: string, work: (remote: RemoteNode, again: boolean) => Promise<T>): Promise<T> {
    let again = false;
    let lostAt: number | undefined;
    let isLost = false;
    for (;;) {
      const link = await this.#link(name, lostAt);
      if (isLost) this.#options.emit({ type: 'reconnected', node: name });
      isLost = false;
      const began = this.#options.clock.now();
      try {
        return await work(link.remote, again);
      } catch (error) {
        if (!(error instanceof ConnectionLost) || this.#closed) throw error;
        await this.#drop(name, link);
        const now = this.#options.clock.now();
        // A link that held for a while is a new loss, one that dies at once keeps the old one's time limit.
        if (lostAt === undefined || now - began > 30_000) lostAt = now;
        this.#options.emit({ type: 'connection-lost', node: name, reason: error.message });
        again = true;
        isLost = true;
      }
    }
  }

  /**
   * Runs `work` once on the node's present link, or on a new one where that is gone, and reports nothing. For what runs
   * beside the run (its lock, its copies) and may fail without stopping it. @throws ConnectionLost | ConnectFailure
   */
  async once<T>(name: string, work: (remote: RemoteNode) => Promise<T>): Promise<T> {
    const present = await this.#links.get(name);
    if (present && !present.isGone) return work(present.remote);
    const dialled = await this.#open(name, await this.#options.dial(name));
    const other = await this.#links.get(name);
    if (this.#closed || (other && !other.isGone)) {
      await dialled.session.close().catch(() => undefined);
      if (!other || this.#closed) throw new ConnectionLost(name, 'the run is over');
      return work(other.remote);
    }
    this.#links.set(name, Promise.resolve(dialled));
    return work(dialled.remote);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(
      links.map(async (link) => {
        const opened = await link.catch(() => undefined);
        await opened?.remote.close().catch(() => undefined);
        await opened?.session.close().catch(() => undefined);
      }),
    );
  }

  #link(name: string, lostAt: number | undefined): Promise<Link> {
    const present = this.#links.get(name);
    if (present) return present;
    const link = this.#dial(name, lostAt);
    this.#links.set(name, link);
    link.catch(() => {
      if (this.#links.get(name) === link) this.#links.delete(name);
    });
    return link;
  }

  async #dial(name: string, lostAt: number | undefined): Promise<Link> {
    const { clock, dial, reconnectFor } = this.#options;
    const deadline = (lostAt ?? clock.now()) + reconnectFor;
    for (let pause = 500; ; pause = Math.min(pause * 2, 10_000)) {
      try {
        return await this.#open(name, await dial(name));
      } catch (error) {
        if (error instanceof ConnectionLost) {
          if (clock.now() > deadline) throw nodeLost(name, error.message, error);
        } else if (!(error instanceof ConnectFailure)) throw error;
        else if (!isTransient(error) || lostAt === undefined || clock.now() > deadline || this.#closed) {
          throw lostAt === undefined ? error : nodeLost(name, error.message, error, error.detail);
        }
        await clock.sleep(pause);
      }
    }
  }

  async #open(name: string, session: Session): Promise<Link> {
    const link = { session, remote: await this.#options.open(name, session), isGone: false };
    void session.closed.then(() => {
      link.isGone = true;
    });
    return link;
  }

  /** Whoever else lost the same link may have a new one by now. */
  async #drop(name: string, link: Link): Promise<void> {
    link.isGone = true;
    if ((await this.#links.get(name)?.catch(() => undefined)) === link) this.#links.delete(name);
    await link.session.close().catch(() => undefined);
  }
}

function isTransient(error: ConnectFailure): boolean {
  return error.reason === 'unreachable' || error.reason === 'timeout' || error.reason === 'protocol';
}

function nodeLost(name: string, reason: string, cause: Error, detail: readonly string[] = []): Failure {
  return new Failure(
    'step-failed',
    `node ${name} was lost: ${reason}`,
    [
      ...detail,
      'What runs there continues by itself. When the node is reachable again, `runbook resume` takes its result.',
    ],
    { cause },
  );
}
