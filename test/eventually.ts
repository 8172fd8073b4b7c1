import { vi } from 'vitest';

/**
 * Milliseconds after which what a test waits for counts as never: longer than anything takes that ends, on a slow machine with
 * other work to do as well, and shorter than the time limit of a test (test/vitest.config.ts), which would not say what was
 * waited for.
 */
export const NEVER = 200_000;

/** What a check returns once it throws nothing; it is tried every so many milliseconds. */
export function eventually<T>(check: () => T | Promise<T>, interval = 50): Promise<T> {
  return vi.waitFor(check, { timeout: NEVER, interval });
}

/** Both in milliseconds, and what is known where it never holds. */
interface Patience {
  readonly interval?: number;
  readonly limit?: number;
  readonly known?: () => string;
}

/** Waits until a condition holds; what it throws ends the wait. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  { interval = 50, limit = NEVER, known = () => '' }: Patience = {},
): Promise<void> {
  await vi.waitUntil(holds, { timeout: limit, interval }).catch((cause: unknown) => {
    throw new Error(`${String(cause)} ${String(holds)}\n${known()}`, { cause });
  });
}
