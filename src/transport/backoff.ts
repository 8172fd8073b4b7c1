/** Why the last try failed: `lost` is a connection that went away before it was of use. */
export type Trouble = 'unreachable' | 'lost' | 'refused';

/**
 * Milliseconds before the second try, and at most. A login costs the node more than a refused TCP connection, and one
 * that is refused counts for fail2ban and the like.
 */
const PAUSES: Readonly<Record<Trouble, { readonly first: number; readonly most: number }>> = {
  unreachable: { first: 1000, most: 10_000 },
  lost: { first: 1000, most: 20_000 },
  refused: { first: 15_000, most: 60_000 },
};

/** Pauses are longer than these by up to a quarter, so that many clients do not come back at the same moment. */
const JITTER = 0.25;

export interface BackoffOptions {
  /** Milliseconds; any zero. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

/**
 * When to dial again: at once after a connection that was of use, then after pauses that double. `lost` tries make at
 * most 10 logins in two minutes.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;
  #pause = 0;
  #since = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Whole milliseconds until the next try may begin; 0: now. A clock that is set back makes no pause longer. */
  get wait(): number {
    const passed = Math.max(0, this.#options.now() - this.#since);
    return Math.ceil(Math.max(0, this.#pause - passed));
  }

  /** A connection ended that had been of use: the next try is due at once. */
  reset(): void {
    this.#failures = 0;
    this.#pause = 0;
  }

  /** A try failed, or its connection ended before it was of use. */
  failed(trouble: Trouble): void {
    const { first, most } = PAUSES[trouble];
    this.#pause = Math.min(first * 2 ** this.#failures, most) * (1 + JITTER * this.#options.random());
    this.#failures += 1;
    this.#since = this.#options.now();
  }
}
