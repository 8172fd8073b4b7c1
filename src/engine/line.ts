import type { OutputSink, RemoteNode } from '../remote/attempt.ts';
import { Backoff, type Trouble } from '../transport/backoff.ts';
import { ConnectFailure, ConnectionLost, type Session } from '../transport/transport.ts';
import type { Clock } from './clock.ts';

/** Milliseconds for which a link must have held, besides having answered, before its loss counts as a new one. */
const HELD = 30_000;

/** Logins refused in a row, on a node that had let us in: while it boots, pam_nologin(8) lets only root in. */
const MOST_REFUSALS = 4;

export interface LineOptions {
  readonly name: string;
  /** @throws ConnectFailure */
  readonly dial: () => Promise<Session>;
  readonly open: (session: Session) => Promise<RemoteNode>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Does what may change something on the node. */
  readonly whileChanging: <T>(work: () => Promise<T>) => Promise<T>;
}

/** One open connection to a node. */
export interface Link {
  readonly session: Session;
  readonly remote: RemoteNode;
  readonly since: number;
  /** Whether the node has answered anything; a login alone is of no use. */
  answered: boolean;
  /** When it was last asked or heard. */
  lastAt: number;
  /** Requests that it owes an answer. */
  owed: number;
}

/**
 * The way to one node: at most one link, one dial at a time whoever needs it, and the pauses between dials. Who gives
 * up when is for the callers to say.
 */
export class Line {
  link: Link | undefined;
  /** Why there is no link. */
  problem: ConnectFailure | ConnectionLost | undefined;
  /** Since when work has waited without getting done. Milliseconds of the clock. */
  neededSince: number | undefined;
  /** Whether this process was logged in to the node. */
  hasConnected = false;
  /** Whether the node has answered this process. */
  hasAnswered = false;
  readonly #options: LineOptions;
  readonly #backoff: Backoff;
  #dialling: Promise<Link> | undefined;
  #refusals = 0;
  #isClosed = false;

  constructor(options: LineOptions) {
    const { clock, random } = options;
    this.#options = options;
    this.#backoff = new Backoff({ now: () => clock.now(), random });
  }

  /** Milliseconds until a dial may begin; 0 also where one is under way, to be shared. */
  get wait(): number {
    return this.#dialling ? 0 : this.#backoff.wait;
  }

  /** Whether to dial again may help after {@link problem}; a changed host key stays changed. */
  get isHopeful(): boolean {
    const { problem } = this;
    if (!(problem instanceof ConnectFailure)) return true;
    if (!this.hasConnected) return false;
    return problem.reason === 'authentication' ? this.#refusals < MOST_REFUSALS : troubleOf(problem) !== undefined;
  }

  adopt(session: Session): void {
    void this.#share(this.#open(session));
  }

  /** The link, or a new one; all who ask at the same time share it. @throws ConnectFailure | ConnectionLost */
  connect(): Promise<Link> {
    if (this.link) return Promise.resolve(this.link);
    return this.#dialling ?? this.#share(this.#dial());
  }

  /** Someone found that the link does not work any more. Whoever else lost it may have a new one by now. */
  async drop(link: Link, problem: ConnectFailure | ConnectionLost): Promise<void> {
    this.#lost(link, problem);
    await link.session.close().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const link = this.link ?? (await this.#dialling?.catch(() => undefined));
    await Promise.allSettled([link?.remote.close(), link?.session.close()]);
  }

  #share(dialling: Promise<Link>): Promise<Link> {
    const shared = dialling.finally(() => {
      this.#dialling = undefined;
    });
    // Who needs the link learns of its failure; an adopted one may be needed by no one.
    shared.catch(() => undefined);
    this.#dialling = shared;
    return shared;
  }

  async #dial(): Promise<Link> {
    const { dial } = this.#options;
    try {
      const link = await this.#open(await dial());
      this.#refusals = 0;
      return link;
    } catch (error) {
      if (!(error instanceof ConnectFailure || error instanceof ConnectionLost)) throw error;
      this.problem = error;
      if (error instanceof ConnectFailure && error.reason === 'authentication') this.#refusals += 1;
      this.#backoff.failed(troubleOf(error) ?? 'refused');
      throw error;
    }
  }

  async #open(session: Session): Promise<Link> {
    const { clock, name, open, whileChanging } = this.#options;
    const remote = await open(session);
    if (this.#isClosed) {
      await session.close().catch(() => undefined);
      throw new ConnectionLost(name, 'the run is over');
    }
    const ear: Ear = {
      whileChanging,
      asked: () => {
        link.lastAt = clock.now();
        link.owed += 1;
      },
      heard: () => {
        link.lastAt = clock.now();
        link.answered = true;
        this.hasAnswered = true;
      },
      ended: () => {
        link.owed -= 1;
      },
    };
    const since = clock.now();
    const link: Link = { session, remote: listening(remote, ear), since, answered: false, lastAt: since, owed: 0 };
    this.hasConnected = true;
    this.link = link;
    void session.closed.then((reason) => {
      this.#lost(link, new ConnectionLost(name, reason));
    });
    return link;
  }

  #lost(link: Link, problem: ConnectFailure | ConnectionLost): void {
    if (this.link !== link) return;
    this.link = undefined;
    this.problem = problem;
    if (link.answered && this.#options.clock.now() - link.since >= HELD) {
      this.#backoff.reset();
      this.neededSince = undefined;
    } else {
      this.#backoff.failed('lost');
    }
  }
}

function troubleOf(error: ConnectFailure | ConnectionLost): Trouble | undefined {
  if (error instanceof ConnectionLost) return 'lost';
  switch (error.reason) {
    case 'unreachable':
    case 'timeout':
      return 'unreachable';
    case 'shell':
    case 'protocol':
      return 'lost';
    case 'authentication':
      return 'refused';
    case 'host-key-unknown':
    case 'host-key-changed':
    case 'host-key-revoked':
    case 'become':
    case 'remote-dir':
      return undefined;
  }
}

interface Ear {
  readonly whileChanging: LineOptions['whileChanging'];
  asked(): void;
  heard(): void;
  ended(): void;
}

/** Listens to what a node is asked and what it answers. */
function listening(remote: RemoteNode, ear: Ear): RemoteNode {
  const heard = async <T>(ask: () => Promise<T>): Promise<T> => {
    ear.asked();
    try {
      const value = await ask();
      ear.heard();
      return value;
    } finally {
      ear.ended();
    }
  };
  const hearing = (sink: OutputSink): OutputSink => ({
    stdout: (chunk) => (ear.heard(), sink.stdout(chunk)),
    stderr: (chunk) => (ear.heard(), sink.stderr(chunk)),
    cut: (stream) => sink.cut?.(stream),
    result: (bytes) => sink.result?.(bytes),
  });
  const changes = <T>(ask: () => Promise<T>): Promise<T> => ear.whileChanging(() => heard(ask));
  const open = remote.open?.bind(remote);
  const prepare = remote.prepare?.bind(remote);
  const each = remote.probeEach?.bind(remote);
  return {
    start: (spec, sink) => changes(() => remote.start(spec, hearing(sink))),
    follow: (run, id, from, sink, timeout) => changes(() => remote.follow(run, id, from, hearing(sink), timeout)),
    status: (run, id) => heard(() => remote.status(run, id)),
    cancel: (run, id) => changes(() => remote.cancel(run, id)),
    list: (run) => heard(() => remote.list(run)),
    sweep: (run) => heard(() => remote.sweep(run)),
    probe: (script, options) => heard(() => remote.probe(script, options)),
    ...(each && { probeEach: (scripts: readonly string[]) => heard(() => each(scripts)) }),
    ...(open && { open }),
    ...(prepare && { prepare: (run: string, ids: readonly string[]) => heard(() => prepare(run, ids)) }),
    close: () => remote.close(),
  };
}
