import { setImmediate, setTimeout } from 'node:timers/promises';
import { type Clock, Killed } from './clock.ts';

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Milliseconds of real time without anything to wait for, after which nothing will come. */
const PATIENCE = 4000;
/** One for all: thousands of waits end by it, and none of them looks at its stack. */
const killed = new Killed();
/** Turns of the event loop in which no file is read, after which what was loaded is there. */
const SETTLE = 4;

/** Whether this process reads files now, as the shell does to load a program when it is first needed. */
function readsFiles(): boolean {
  return process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq') || kind === 'CloseReq');
}

/**
 * Fake time that runs as fast as the machine allows: it moves on as soon as nothing is left to do at the present moment
 * and no file is read. `onTick` is called between any two moments.
 */
export class FastTime implements Clock {
  readonly scale = 1;
  onTick: () => void = () => undefined;
  #now: number;
  #timers: Timer[] = [];
  #order = 0;
  /** Turns of the event loop that are waited for before the next jump. */
  #turns = 0;

  /** @param now milliseconds since 1970 */
  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** @throws Error when something waits already */
  jumpTo(now: number): void {
    if (this.#timers.length > 0) throw new Error('somebody waits');
    this.#now = now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new Killed());
        return;
      }
      const abort = () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
        reject(killed);
      };
      this.#order += 1;
      const timer: Timer = {
        due: this.#now + Math.max(0, ms),
        order: this.#order,
        fire: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#timers.push(timer);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Calls `fire` once so many milliseconds from now. */
  after(ms: number, fire: () => void): void {
    this.#order += 1;
    this.#timers.push({ due: this.#now + ms, order: this.#order, fire });
  }

  /**
   * Moves time on until the promise settles. @throws Error when nothing is left to wait for, or after `limit` ms of
   * fake time
   */
  async run<T>(promise: Promise<T>, limit = 6 * 3_600_000): Promise<T> {
    const end = { settled: false };
    const done = promise.finally(() => {
      end.settled = true;
    });
    done.catch(() => undefined);
    const deadline = this.#now + limit;
    for (let idleSince: number | undefined; !end.settled;) {
      await setImmediate();
      if (end.settled) break;
      if (this.#isLoading()) continue;
      this.onTick();
      const next = this.#next();
      if (!next) {
        idleSince ??= performance.now();
        await setTimeout(1);
        if (performance.now() - idleSince < PATIENCE) continue;
        throw new Error('fake time: nothing is left to wait for');
      }
      idleSince = undefined;
      if (next.due > deadline) throw new Error(`fake time: not over after ${limit / 60_000} minutes`);
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.due);
      next.fire();
    }
    return done;
  }

  /** Between two files a loader does nothing for a turn or two. */
  #isLoading(): boolean {
    if (readsFiles()) this.#turns = SETTLE;
    else if (this.#turns > 0) this.#turns -= 1;
    return this.#turns > 0;
  }

  #next(): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.#timers) {
      if (!best || timer.due < best.due || (timer.due === best.due && timer.order < best.order)) best = timer;
    }
    return best;
  }
}
