import { setMaxListeners } from 'node:events';
import type { Emit } from '../event.ts';
import { Failure } from '../failure.ts';
import type { RemoteNode } from '../remote/attempt.ts';
import { ConnectFailure, ConnectionLost, type Session } from '../transport/transport.ts';
import type { Clock } from './clock.ts';
import { Line, type Link } from './line.ts';

export interface LinksOptions {
  /** Dials one node (or `local`). @throws ConnectFailure */
  readonly dial: (name: string) => Promise<Session>;
  readonly open: (name: string, session: Session) => Promise<RemoteNode>;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Milliseconds for which a lost node is dialled again before it counts as lost. */
  readonly reconnectFor: number;
  /** Nothing is changed over these links: a lost node is `unreachable`, not a run to be resumed. */
  readonly onlyLooks?: boolean;
  /** From 0 up to 1, for the jitter of pauses. */
  readonly random?: () => number;
}

/**
 * The links of a run: one connection per node, kept, and dialled again when it is lost. All work on a node shares the
 * link, the dial and the pauses between dials.
 */
export class Links {
  readonly #options: LinksOptions;
  readonly #lines = new Map<string, Line>();
  readonly #closed = new AbortController();
  #changes = 0;
  #changing = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
    // Each node that is away waits on it: that many are no leak.
    setMaxListeners(0, this.#closed.signal);
  }

  /** Grows with all that may have changed something on a node: what was read at a lower count may be untrue. */
  get changes(): number {
    return this.#changes;
  }

  /** Something that may change a node is under way: what is read meanwhile may be untrue. */
  get isChanging(): boolean {
    return this.#changing > 0;
  }

  /**
   * Counts `work` as what may change something: also while a person is asked, or others are waited for. Attempts are
   * counted by themselves.
   */
  async whileChanging<T>(work: () => Promise<T>): Promise<T> {
    this.#changes += 1;
    this.#changing += 1;
    try {
      return await work();
    } finally {
      this.#changes += 1;
      this.#changing -= 1;
    }
  }

  /** Takes over a session that was opened elsewhere (all nodes are dialled in parallel at the start). */
  adopt(name: string, session: Session): void {
    this.#line(name).adopt(session);
  }

  /**
   * Runs `work` on the node's link. When the link is lost, dials again (with backoff, for `reconnectFor`) and repeats
   * `work`, which must be safe to repeat: a read, or a durable attempt that asks for its own state first.
   * @throws Failure when the node stays away.
   */
  async with<T>(name: string, work: (remote: RemoteNode, again: boolean) => Promise<T>): Promise<T> {
    const line = this.#line(name);
    for (let again = false; ; again = true) {
      const link = await this.#connect(name, line);
      if (again) this.#options.emit({ type: 'reconnected', node: name });
      try {
        const result = await work(link.remote, again);
        line.neededSince = undefined;
        return result;
      } catch (error) {
        if (!isLoss(error, line) || this.#closed.signal.aborted) throw error;
        await line.drop(link, error);
        this.#options.emit({ type: 'connection-lost', node: name, reason: error.message });
      }
    }
  }

  /**
   * Runs `work` once on the node's present link, or on a new one where that is gone and a dial is due, and reports
   * nothing. For what runs beside the run (its lock, its copies) and may fail without stopping it.
   * @throws ConnectionLost | ConnectFailure
   */
  async once<T>(name: string, work: (remote: RemoteNode) => Promise<T>): Promise<T> {
    const line = this.#line(name);
    if (!line.link && line.wait > 0 && line.problem) throw line.problem;
    return work((await line.connect()).remote);
  }

  /** Dials a node and makes it ready for a run's attempts, ahead of them. What fails is met again when it matters. */
  prepare(name: string, run: string, ids: readonly string[]): void {
    this.once(name, async (remote) => remote.prepare?.(run, ids)).catch(() => undefined);
  }

  /** Gives up a link that has owed an answer for so many milliseconds; what waits for it dials again. */
  async dropSilent(name: string, silence: number): Promise<boolean> {
    const line = this.#lines.get(name);
    const link = line?.link;
    if (!line || !link || link.owed === 0 || this.#options.clock.now() - link.lastAt < silence) return false;
    await line.drop(link, new ConnectionLost(name, `no answer for ${silence / 1000} s`));
    return true;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
  }

  #line(name: string): Line {
    const { clock, dial, open, random = Math.random } = this.#options;
    const known = this.#lines.get(name);
    if (known) return known;
    const line = new Line({
      name,
      dial: () => dial(name),
      open: (session) => open(name, session),
      whileChanging: (work) => this.whileChanging(work),
      clock,
      random,
    });
    this.#lines.set(name, line);
    return line;
  }

  /** Dials until there is a link. @throws ConnectFailure of a node that was never connected | Failure */
  async #connect(name: string, line: Line): Promise<Link> {
    const { clock } = this.#options;
    for (;;) {
      if (this.#closed.signal.aborted) throw new ConnectionLost(name, 'the run is over');
      if (line.link) return line.link;
      line.neededSince ??= clock.now();
      if (line.wait > 0) {
        this.#requireTime(name, line);
        await clock.sleep(line.wait, this.#closed.signal);
        continue;
      }
      try {
        return await line.connect();
      } catch (error) {
        if (!(error instanceof ConnectFailure || error instanceof ConnectionLost)) throw error;
        if (!line.hasConnected) throw error;
        this.#requireTime(name, line);
      }
    }
  }

  /** @throws Failure when the next dial would come too late, or cannot help */
  #requireTime(name: string, line: Line): void {
    const { clock, onlyLooks, reconnectFor } = this.#options;
    const waited = clock.now() + line.wait - (line.neededSince ?? clock.now());
    if (line.isHopeful && waited <= reconnectFor) return;
    const { problem } = line;
    const detail = problem instanceof ConnectFailure ? problem.detail : [];
    const why = problem?.message ?? 'no connection';
    if (onlyLooks === true)
      throw new Failure('unreachable', `${why}; nothing was changed`, [...detail, 'Try again.'], { cause: problem });
    throw new Failure(
      'step-failed',
      `node ${name} was lost: ${why}`,
      [
        ...detail,
        'What runs there continues by itself. When the node is reachable again, `runbook resume` takes its result.',
      ],
      { cause: problem },
    );
  }
}

/** A login shell that starts nothing any more, on a node where it did, is like a link that was lost: it may pass. */
function isLoss(error: unknown, line: Line): error is ConnectionLost | ConnectFailure {
  if (error instanceof ConnectFailure) return error.reason === 'shell' && line.hasAnswered;
  return error instanceof ConnectionLost;
}
