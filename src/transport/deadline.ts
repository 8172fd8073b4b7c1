/** A time limit that pauses while the operator types a secret. */
export class Deadline {
  readonly #onExpired: () => void;
  #left: number;
  #since = 0;
  #paused = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `ms` from now `onExpired` is called, once, unless {@link clear} came first. */
  constructor(ms: number, onExpired: () => void) {
    this.#left = ms;
    this.#onExpired = onExpired;
    this.#start();
  }

  async pausedWhile<T>(work: () => Promise<T>): Promise<T> {
    if (this.#paused++ === 0) this.#stop();
    try {
      return await work();
    } finally {
      if (--this.#paused === 0) this.#start();
    }
  }

  clear(): void {
    this.#stop();
    this.#left = Infinity;
  }

  #start(): void {
    if (this.#left === Infinity) return;
    this.#since = performance.now();
    this.#timer = setTimeout(this.#onExpired, Math.max(1, this.#left));
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#left -= performance.now() - this.#since;
  }
}
