import type { Clock } from '../../engine/clock.ts';

/** Milliseconds of the first and of the longest wait before another try. */
const FIRST = 250;
const LONGEST = 5000;

/**
 * Tries until the database answers: a worker outlives a restart of it, however long that takes. Whatever else goes wrong
 * is thrown.
 */
export async function patiently<T>(clock: Clock, work: () => Promise<T>, onLost: (error: unknown) => void): Promise<T> {
  for (let wait = FIRST; ; wait = Math.min(wait * 2, LONGEST)) {
    try {
      return await work();
    } catch (error) {
      if (!isLost(error)) throw error;
      onLost(error);
    }
    await clock.sleep(wait, new AbortController().signal);
  }
}

/** SQLSTATE classes: the connection, resources, an operator's intervention, and a transaction that gave way. */
const CLASSES: ReadonlySet<string> = new Set(['08', '53', '57', '40']);
const ERRNOS: ReadonlySet<string> = new Set(
  'ECONNRESET ECONNREFUSED ECONNABORTED EHOSTUNREACH ENETUNREACH ETIMEDOUT EPIPE EAI_AGAIN'.split(' '),
);
const TEXTS = /connection terminated|timeout exceeded when trying to connect|connection error|not queryable/i;

/** Whether the database was not reached, or gave up what it was at: the same may be tried again. */
export function isLost(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isLost);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (ERRNOS.has(code)) return true;
  // A query that was cancelled stays so.
  if (code.length === 5) return CLASSES.has(code.slice(0, 2)) && code !== '57014';
  return TEXTS.test(error.message);
}
