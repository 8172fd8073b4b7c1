import { type Context, createContext, Script } from 'node:vm';

/** Work that took longer than it may. */
export class TimeLimit extends Error {
  constructor(seconds: number) {
    super(`it takes longer than ${seconds} s`);
    this.name = 'TimeLimit';
  }
}

/** The work of the innermost call, for as long as it runs. */
const room = { work: (): void => undefined };
let context: Context | undefined;
const call = new Script('work()');

/**
 * Runs synchronous work and ends it at its time limit, also in the middle of a regular expression. The limit of `vm` is
 * the only one that JavaScript has for its own thread; this is no sandbox. It costs about 0.1 ms.
 * @throws TimeLimit, and what the work throws
 */
export function within<T>(seconds: number, work: () => T): T {
  const results: T[] = [];
  context ??= createContext(room);
  room.work = () => void results.push(work());
  try {
    call.runInContext(context, { timeout: seconds * 1000 });
  } catch (error) {
    // Not always an Error of this context.
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    throw code === 'ERR_SCRIPT_EXECUTION_TIMEOUT' ? new TimeLimit(seconds) : error;
  } finally {
    room.work = () => undefined;
  }
  const [result] = results;
  return result as T;
}
