import { deferred } from './deferred.ts';

/** What came of a password that was sent; `refused` is what every later try to send it fails with. */
export type Verdict = 'right' | 'unknown' | { readonly refused: Error };

/**
 * What this process knows about the passwords that it sends. A refused one is never sent to the same place again, and
 * of several that ask at once the first is answered alone: each wrong answer counts towards the lock of the account.
 */
export class SentPasswords {
  readonly #known = new Map<string, Exclude<Verdict, 'unknown'>>();
  readonly #trying = new Map<string, Promise<void>>();

  /**
   * Waits while another one tries the same.
   * @returns what must be called with the verdict once it was sent
   * @throws what the password was refused with
   */
  async claim(key: string): Promise<(verdict: Verdict) => void> {
    for (let other = this.#trying.get(key); other; other = this.#trying.get(key)) await other;
    this.requireUsable(key);
    const learn = (verdict: Verdict): void => {
      if (verdict !== 'unknown') this.#known.set(key, verdict);
    };
    if (this.#known.has(key)) return learn;
    const first = deferred<void>();
    this.#trying.set(key, first.promise);
    return (verdict) => {
      learn(verdict);
      this.#trying.delete(key);
      first.resolve();
    };
  }

  /** Of a method that has no sentence of its own. */
  refuse(key: string): void {
    this.#known.set(key, { refused: new Error('the password was refused') });
  }

  isRefused(key: string): boolean {
    return typeof this.#known.get(key) === 'object';
  }

  /** @throws what the password was refused with */
  requireUsable(key: string): void {
    const known = this.#known.get(key);
    if (typeof known === 'object') throw known.refused;
  }
}

const kept = new WeakMap<object, SentPasswords>();

/** Those of one reader of secrets, of which a process has one. */
export function sentPasswords(reader: object): SentPasswords {
  const known = kept.get(reader) ?? new SentPasswords();
  kept.set(reader, known);
  return known;
}
