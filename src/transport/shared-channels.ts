import { Backoff } from './backoff.ts';
import { collect } from './exec.ts';
import {
  ChannelRefused,
  ConnectFailure,
  ConnectionLost,
  type Channel,
  type ExecOptions,
  type ExecResult,
  type Session,
  type Transport,
} from './transport.ts';

/** Connections to one node, at most. */
const MOST_LINKS = 6;
/** So many channels are enough: the helpers of long steps, a file under way, and some for what is short. */
const ENOUGH = 6;
/** Milliseconds that a channel may take to come free before a further connection is opened. */
const GRACE = 200;
/** Milliseconds after which a further connection without channels is closed. */
const IDLE = 60_000;
/** Milliseconds to wait for a channel. */
const PATIENCE = 120_000;
/** Milliseconds for which a channel that is given up counts as about to come free. */
const FAREWELL = 5000;

/**
 * Sessions that wait for a channel where the node's server opens only so many at once (MaxSessions of sshd_config(5):
 * 10 unless set, per connection). What is idle is given up first; then further connections are opened, few enough and
 * only where the server allows fewer channels than a run needs. So a long command never keeps others from being asked.
 */
export function sharingChannels(transport: Transport): Transport {
  return {
    connect: async (target, signal) => {
      const first = await transport.connect(target, signal);
      return new SharedSession(first, () => transport.connect(target));
    },
  };
}

/** One connection, and how many channels of it are open or being opened. */
interface Lane {
  readonly session: Session;
  open: number;
  /** What its server allows, as far as is known. */
  most: number;
  /** Whether it ever opened a channel. */
  isProven: boolean;
  idle: NodeJS.Timeout | undefined;
}

interface Waiter {
  readonly resolve: (lane: Lane) => void;
  readonly reject: (reason: unknown) => void;
  readonly limit: NodeJS.Timeout;
}

class SharedSession implements Session {
  readonly target: string;
  readonly closed: Promise<string>;
  readonly #first: Lane;
  readonly #lanes: Lane[];
  readonly #dial: () => Promise<Session>;
  readonly #backoff = new Backoff({ now: () => performance.now(), random: Math.random });
  readonly #givers: (() => readonly Promise<unknown>[])[] = [];
  #waiting: Waiter[] = [];
  #comingFree = 0;
  #grace: NodeJS.Timeout | undefined;
  #isDialling = false;
  #lost: string | undefined;

  constructor(first: Session, dial: () => Promise<Session>) {
    this.target = first.target;
    this.#first = laneOf(first);
    this.#lanes = [this.#first];
    this.#dial = dial;
    this.closed = first.closed.then(async (reason) => {
      await this.#end(reason);
      return reason;
    });
  }

  async open(command: string): Promise<Channel> {
    for (let again = false; ;) {
      const lane = await this.#reserve();
      try {
        const channel = await lane.session.open(command);
        if (!lane.isProven && lane !== this.#first) this.#backoff.reset();
        lane.isProven = true;
        const free = (): void => this.#free(lane);
        channel.exit.then(free, free);
        return channel;
      } catch (error) {
        const isFull = error instanceof ChannelRefused && (lane.isProven || lane.open > 1 || lane !== this.#first);
        // Alone and refused: the channel before it has just ended, or what it ran still holds its place.
        if (isFull && (lane.open > 1 || again)) lane.most = Math.min(lane.most, lane.open - 1);
        if (isFull && lane.open === 1) again = true;
        this.#free(lane);
        if (!isFull) throw error;
      }
    }
  }

  async exec(command: string, options?: ExecOptions): Promise<ExecResult> {
    return collect(this.target, (line) => this.open(line), command, options);
  }

  whenCrowded(giveUp: () => readonly Promise<unknown>[]): void {
    this.#givers.push(giveUp);
  }

  async close(): Promise<void> {
    await this.#end('closed');
    await this.#first.session.close();
  }

  #reserve(): Promise<Lane> {
    if (this.#lost !== undefined) return Promise.reject(new ConnectionLost(this.target, this.#lost));
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(
          new ConnectionLost(this.target, `no channel came free in ${PATIENCE / 1000} s (MaxSessions of its sshd)`),
        );
      };
      const waiter = { resolve, reject, limit: setTimeout(giveUp, PATIENCE) };
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  #free(lane: Lane): void {
    lane.open -= 1;
    if (lane.open === 0 && lane !== this.#first) {
      lane.idle = setTimeout(() => this.#leave(lane), lane.most === 0 ? 0 : IDLE);
      lane.idle.unref();
    }
    this.#serve();
  }

  /** Hands what is free to those who wait, first come first served, and makes room for the others. */
  #serve(): void {
    for (let lane = this.#roomy(); lane && this.#waiting.length > 0; lane = this.#roomy()) {
      const waiter = this.#waiting.shift();
      if (!waiter) break;
      clearTimeout(waiter.limit);
      clearTimeout(lane.idle);
      lane.open += 1;
      waiter.resolve(lane);
    }
    if (this.#waiting.length > this.#comingFree) this.#makeRoom();
  }

  #roomy(): Lane | undefined {
    return this.#lanes.find((lane) => lane.open < lane.most);
  }

  #makeRoom(): void {
    for (const given of this.#givers.flatMap((giveUp) => giveUp())) {
      this.#comingFree += 1;
      void Promise.race([given, farewell()]).finally(() => {
        this.#comingFree -= 1;
        this.#serve();
      });
    }
    const known = this.#lanes.reduce((sum, lane) => sum + lane.most, 0);
    if (this.#waiting.length <= this.#comingFree || known >= ENOUGH || this.#lanes.length >= MOST_LINKS) return;
    if (this.#isDialling) return;
    this.#grace ??= setTimeout(
      () => {
        this.#grace = undefined;
        if (this.#waiting.length > this.#comingFree) void this.#extend();
      },
      Math.max(GRACE, this.#backoff.wait),
    );
  }

  /** Opens a further connection. One that cannot be opened leaves those who wait to the channels that there are. */
  async #extend(): Promise<void> {
    this.#isDialling = true;
    // Until it has opened a channel, it counts as failed.
    this.#backoff.failed('lost');
    try {
      const session = await this.#dial();
      if (this.#lost !== undefined) return await session.close();
      const lane = laneOf(session);
      // The servers of one node are one: no need to be refused again.
      lane.most = Math.max(1, ...this.#lanes.map(({ most }) => most));
      this.#lanes.push(lane);
      void session.closed.then(() => this.#leave(lane));
    } catch (error) {
      if (!(error instanceof ConnectFailure)) this.#refuseAll(error);
    } finally {
      this.#isDialling = false;
      this.#serve();
    }
  }

  /** A further connection is not needed any more, or has gone. */
  #leave(lane: Lane): void {
    clearTimeout(lane.idle);
    const at = this.#lanes.indexOf(lane);
    if (at === -1) return;
    this.#lanes.splice(at, 1);
    lane.session.close().catch(() => undefined);
    this.#serve();
  }

  async #end(reason: string): Promise<void> {
    if (this.#lost !== undefined) return;
    this.#lost = reason;
    clearTimeout(this.#grace);
    this.#refuseAll(new ConnectionLost(this.target, reason));
    const further = this.#lanes.splice(0).filter((lane) => lane !== this.#first);
    for (const lane of further) clearTimeout(lane.idle);
    await Promise.all(further.map((lane) => lane.session.close().catch(() => undefined)));
  }

  #refuseAll(reason: unknown): void {
    for (const { limit, reject } of this.#waiting.splice(0)) {
      clearTimeout(limit);
      reject(reason);
    }
  }
}

function laneOf(session: Session): Lane {
  return { session, open: 0, most: Number.POSITIVE_INFINITY, isProven: false, idle: undefined };
}

function farewell(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, FAREWELL).unref();
  });
}
