import { setMaxListeners } from 'node:events';

/** Ends a simulated program from outside: a signal, a reboot, a time limit. */
export class Killed extends Error {
  override readonly name = 'Killed';
  constructor(message = 'killed') {
    super(message);
  }
}

/** The lab's time. Simulated work goes through {@link work}, wall-clock waits through `sleep`. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** How many times faster simulated work is. */
  readonly scale: number;
  /** @throws Killed when the signal is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What ends something on which any number of waits may depend: a drain waits for each of its pods. */
export function abortOfMany(): AbortController {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  return abort;
}

/** Waits `ms` of simulated work: shorter by the clock's scale. @throws Killed */
export function work(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return clock.sleep(ms / clock.scale, signal);
}

/** Never ends by itself. @throws Killed when the signal is aborted */
export function forever(signal: AbortSignal): Promise<void> {
  return abortable(() => () => undefined, signal);
}

export function realClock(scale = 1): Clock {
  return {
    now: () => Date.now(),
    scale,
    sleep: (ms, signal) => abortable((done) => startTimer(ms, done), signal),
  };
}

const longestTimer = 2_000_000_000;

function startTimer(ms: number, done: () => void): () => void {
  const timer = setTimeout(done, Math.min(ms, longestTimer));
  return () => clearTimeout(timer);
}

function abortable(start: (done: () => void) => () => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(new Killed());
      return;
    }
    const onAbort = () => {
      stop();
      reject(new Killed());
    };
    const stop = start(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

interface FakeTimer {
  readonly due: number;
  readonly done: () => void;
}

/** Time that only a test moves. */
export class FakeClock implements Clock {
  readonly scale: number;
  #now: number;
  #timers: FakeTimer[] = [];

  constructor(now = Date.UTC(2026, 0, 1), scale = 1) {
    this.#now = now;
    this.scale = scale;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return abortable((done) => {
      const timer: FakeTimer = { due: this.#now + Math.max(0, ms), done };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    }, signal);
  }

  /** Moves time on, timer by timer, letting everything that wakes up run. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (this.#fireNext(end)) await settle();
    this.#now = end;
  }

  /** Moves time on as far as it takes for `promise` to settle. @throws Error when nothing is left to wait for */
  async run<T>(promise: Promise<T>): Promise<T> {
    const end = { settled: false };
    const done = promise.finally(() => {
      end.settled = true;
    });
    done.catch(() => undefined);
    for (let idle = 0; !end.settled;) {
      await settle();
      if (end.settled || this.#fireNext(Number.POSITIVE_INFINITY)) idle = 0;
      else if (++idle > 3000) throw new Error('fake time: nothing is left to wait for');
    }
    return done;
  }

  #fireNext(limit: number): boolean {
    const next = this.#timers.reduce<FakeTimer | undefined>(
      (best, timer) => (best && best.due <= timer.due ? best : timer),
      undefined,
    );
    if (!next || next.due > limit) return false;
    this.#timers = this.#timers.filter((other) => other !== next);
    this.#now = Math.max(this.#now, next.due);
    next.done();
    return true;
  }
}

/** Lets pending callbacks and promises run; the simulated shell needs several event loop turns, and gzip a thread. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
  await new Promise<void>((resolve) => setTimeout(resolve, 1));
}
